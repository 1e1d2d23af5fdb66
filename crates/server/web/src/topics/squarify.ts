/** A rectangle in pixels from the upper left corner. */
export interface Rectangle {
    x: number;
    y: number;
    width: number;
    height: number;
}

/**
 * Divides a rectangle into one for each value, with areas in proportion to the values and sides as equal as a simple
 * method makes them: rows along the shorter side, each as long as its worst rectangle gets better (Bruls, Huizing and
 * van Wijk, Squarified Treemaps, 2000). Large values should come first.
 */
export function squarify(values: readonly number[], { x, y, width, height }: Rectangle): Rectangle[] {
    const found: Rectangle[] = [];
    let left = values.reduce((sum, value) => sum + value, 0);
    let first = 0;
    while (first < values.length) {
        const area = (width * height) / left;
        const side = Math.min(width, height);
        let sum = values[first]!;
        let end = first + 1;
        /** Returns the worst ratio of sides in a row that ends before `to`. */
        const worst = (total: number, to: number) => {
            const depth = (total * area) / side;
            return Math.max(...values.slice(first, to).map((value) => {
                const length = (value * area) / depth;
                return Math.max(length / depth, depth / length);
            }));
        };
        while (end < values.length && worst(sum + values[end]!, end + 1) <= worst(sum, end)) {
            sum += values[end]!;
            end += 1;
        }
        const depth = (sum * area) / side;
        let along = 0;
        for (const value of values.slice(first, end)) {
            const length = (value / sum) * side;
            found.push(width < height ? { x: x + along, y, width: length, height: depth } : { x, y: y + along, width: depth, height: length });
            along += length;
        }
        if (width < height) {
            y += depth;
            height -= depth;
        } else {
            x += depth;
            width -= depth;
        }
        left -= sum;
        first = end;
    }
    return found;
}
