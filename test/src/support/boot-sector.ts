/** Where a PC's boot sector carries its mark. */
const SECTOR_BYTES = 512;

/** 16-bit code that paints all 256 colours in mode 13h (320 x 200) and then shows what is typed. */
const code = [
  "31c0 8ed8", //        xor ax, ax; mov ds, ax
  "b81300 cd10", //      mov ax, 0x13; int 0x10      graphics, 320 x 200
  "b800a0 8ec0", //      mov ax, 0xa000; mov es, ax  its memory
  "31ff", //             xor di, di
  "89f8 30e0 aa", // p:  mov ax, di; xor al, ah; stosb
  "81ff00fa 75f5", //    cmp di, 64000; jne p
  "30e4 cd16", //     k: xor ah, ah; int 0x16        wait for a key
  "b40e b30f cd10", //   mov ah, 0x0e; mov bl, 0x0f; int 0x10
  "ebf4", //             jmp k
];

/** A disk image for a PC that needs no system on it. */
export function bootSector(): Buffer {
  const sector = Buffer.alloc(SECTOR_BYTES);
  Buffer.from(code.join("").replaceAll(" ", ""), "hex").copy(sector);
  sector.writeUInt16LE(0xaa55, SECTOR_BYTES - 2);
  return sector;
}
