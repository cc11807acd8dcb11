/** One observation. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A straight line through observations. */
export interface Line {
  /** What y gains with each x. */
  readonly slope: number;
  /** The slope's standard error: twice that either way holds it in 19 of 20 cases, if what is left is noise. */
  readonly error: number;
}

/**
 * Fits a line by least squares.
 *
 * @param points - three at least, not all of one x
 */
export function fitLine(points: readonly Point[]): Line {
  const count = points.length;
  if (count < 3) throw new RangeError(`${count} points make no line with an error`);
  const meanX = points.reduce((sum, { x }) => sum + x, 0) / count;
  const meanY = points.reduce((sum, { y }) => sum + y, 0) / count;
  let [squares, products] = [0, 0];
  for (const { x, y } of points) {
    squares += (x - meanX) ** 2;
    products += (x - meanX) * (y - meanY);
  }
  if (squares === 0) throw new RangeError("all points have the same x");
  const slope = products / squares;
  const left = points.reduce((sum, { x, y }) => sum + (y - meanY - slope * (x - meanX)) ** 2, 0);
  return { slope, error: Math.sqrt(left / (count - 2) / squares) };
}
