import type { Box } from "./camera";

/** Blocks along each axis. Each block is divided into cells. */
const BLOCKS = 16;

/** The points of a cell, on average, and the most cells along each axis of a block. */
const POINTS_PER_CELL = 8;
const MAX_CELLS = 16;

/** From this number of points on, parts of them can be drawn alone. */
const MANY = 30_000;

/** The share of points up to each level. The points of a level are spread evenly. */
const SHARES = [1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1];

/**
 * An order of points in which the points of a place follow each other: by level, then by block, then by cell. The points of
 * the first levels are an even sample of all, which is drawn alone while the map moves and drawing is slow. Built once
 * in O(points); the same points always have the same order.
 */
export class SpatialIndex {
    /** The index of each point in the order of the server. */
    readonly order: Uint32Array;
    /** The number of levels. */
    readonly levels: number;
    private readonly starts: Uint32Array;
    private readonly cells: number;
    private readonly ofLevel: number;

    constructor(private readonly positions: Float32Array) {
        const count = positions.length / 2;
        this.levels = count < MANY ? 1 : SHARES.length;
        this.cells = Math.min(MAX_CELLS, Math.max(1, Math.round(Math.sqrt(count / POINTS_PER_CELL) / BLOCKS)));
        this.ofLevel = (BLOCKS * this.cells) ** 2;
        const codes = new Uint32Array(count);
        this.starts = new Uint32Array(this.levels * this.ofLevel + 1);
        for (let at = 0; at < count; at += 1) {
            const code = this.levelOf(at) * this.ofLevel + this.cellAt(this.column(positions[2 * at]!), this.column(positions[2 * at + 1]!));
            codes[at] = code;
            this.starts[code + 1]! += 1;
        }
        for (let code = 1; code < this.starts.length; code += 1) {
            this.starts[code]! += this.starts[code - 1]!;
        }
        const next = this.starts.slice();
        this.order = new Uint32Array(count);
        for (let at = 0; at < count; at += 1) {
            this.order[next[codes[at]!]!++] = at;
        }
    }

    private levelOf(at: number): number {
        if (this.levels === 1) {
            return 0;
        }
        // A multiplicative hash, so that neighbors in the order of the server have levels of their own.
        const share = (Math.imul(at + 1, 0x9e3779b1) >>> 0) / 2 ** 32;
        return SHARES.findIndex((limit) => share < limit);
    }

    /** Returns the column, or the row, of a coordinate. */
    private column(value: number): number {
        const columns = BLOCKS * this.cells;
        return Math.min(columns - 1, Math.max(0, Math.floor(((value + 1) / 2) * columns)));
    }

    private cellAt(column: number, row: number): number {
        const { cells } = this;
        const block = Math.floor(row / cells) * BLOCKS + Math.floor(column / cells);
        return block * cells * cells + (row % cells) * cells + (column % cells);
    }

    /**
     * Returns the ranges of the order that contain all points of the first levels in a rectangle, as pairs of first
     * and count. The ranges have points around the rectangle too.
     */
    ranges({ left, right, bottom, top }: Box, levels: number): [first: number, count: number][] {
        const isAll = left <= -1 && right >= 1 && bottom <= -1 && top >= 1;
        if (isAll) {
            return [[0, this.countUpTo(levels)]];
        }
        const block = (value: number) => Math.floor(this.column(value) / this.cells);
        const perBlock = this.cells ** 2;
        const found: [number, number][] = [];
        for (let level = 0; level < levels; level += 1) {
            for (let row = block(bottom); row <= block(top); row += 1) {
                const ofRow = level * this.ofLevel + row * BLOCKS * perBlock;
                const first = this.starts[ofRow + block(left) * perBlock]!;
                const end = this.starts[ofRow + (block(right) + 1) * perBlock]!;
                end > first && found.push([first, end - first]);
            }
        }
        return found;
    }

    /** Returns the number of points of the first levels. */
    countUpTo(levels: number): number {
        return this.starts[levels * this.ofLevel]!;
    }

    /** Returns the point nearest to a place, or `undefined` if none is within the radius. */
    nearest(x: number, y: number, radius: number): number | undefined {
        let best: number | undefined;
        let distance = radius * radius;
        const [left, right] = [this.column(x - radius), this.column(x + radius)];
        const [bottom, top] = [this.column(y - radius), this.column(y + radius)];
        for (let level = 0; level < this.levels; level += 1) {
            for (let row = bottom; row <= top; row += 1) {
                for (let column = left; column <= right; column += 1) {
                    const code = level * this.ofLevel + this.cellAt(column, row);
                    for (let place = this.starts[code]!; place < this.starts[code + 1]!; place += 1) {
                        const at = this.order[place]!;
                        const squared = (this.positions[2 * at]! - x) ** 2 + (this.positions[2 * at + 1]! - y) ** 2;
                        if (squared <= distance) {
                            distance = squared;
                            best = at;
                        }
                    }
                }
            }
        }
        return best;
    }
}
