/** Divides scratch memory while code is written: what was released serves again. Pieces begin at multiples of 16 bytes. */
export class Scratch {
  readonly #start: number;
  #end: number;
  readonly #sizes = new Map<number, number>();
  /** Unused pieces below the end, ascending. */
  #holes: { at: number; size: number }[] = [];

  constructor(start: number) {
    this.#start = start;
    this.#end = start;
  }

  /** Bytes ever used. */
  get bytes(): number {
    return this.#end - this.#start;
  }

  claim(bytes: number): number {
    const size = Math.max(16, Math.ceil(bytes / 16) * 16);
    let best: { at: number; size: number } | undefined;
    for (const hole of this.#holes) if (hole.size >= size && (!best || hole.size < best.size)) best = hole;
    let address: number;
    if (best) {
      address = best.at;
      best.at += size;
      best.size -= size;
      this.#holes = this.#holes.filter((hole) => hole.size > 0);
    } else {
      address = this.#end;
      this.#end += size;
    }
    this.#sizes.set(address, size);
    return address;
  }

  release(address: number): void {
    const size = this.#sizes.get(address);
    if (size === undefined) return;
    this.#sizes.delete(address);
    this.#holes.push({ at: address, size });
    this.#holes.sort((a, b) => a.at - b.at);
    const joined: { at: number; size: number }[] = [];
    for (const hole of this.#holes) {
      const last = joined.at(-1);
      if (last && last.at + last.size === hole.at) last.size += hole.size;
      else joined.push({ ...hole });
    }
    this.#holes = joined;
  }
}
