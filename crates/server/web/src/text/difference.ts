/** A part of a text, and whether another text lacks it. */
export interface Piece {
    text: string;
    isOther: boolean;
}

/** The most words of a text that is compared word by word. */
const MOST = 1_000;

/** Returns two texts as pieces, of which those are marked that are not in the longest common sequence of words. */
export function differences(left: string, right: string): [Piece[], Piece[]] {
    const [one, other] = [wordsOf(left), wordsOf(right)];
    if (one.length > MOST || other.length > MOST) {
        const isOther = left !== right;
        return [[{ text: left, isOther }], [{ text: right, isOther }]];
    }
    // lengths[i][j] is the length of the longest common sequence of the words from i and from j on.
    const width = other.length + 1;
    const lengths = new Uint16Array((one.length + 1) * width);
    const lengthAt = (i: number, j: number) => lengths[i * width + j] ?? 0;
    for (let i = one.length - 1; i >= 0; i--) {
        for (let j = other.length - 1; j >= 0; j--) {
            lengths[i * width + j] = one[i] === other[j] ? lengthAt(i + 1, j + 1) + 1 : Math.max(lengthAt(i + 1, j), lengthAt(i, j + 1));
        }
    }
    const [pieces, others]: [Piece[], Piece[]] = [[], []];
    let [i, j] = [0, 0];
    while (i < one.length || j < other.length) {
        if (i < one.length && one[i] === other[j]) {
            append(pieces, one[i++]!, false);
            append(others, other[j++]!, false);
        } else if (i < one.length && (j === other.length || lengthAt(i + 1, j) >= lengthAt(i, j + 1))) {
            append(pieces, one[i++]!, true);
        } else {
            append(others, other[j++]!, true);
        }
    }
    return [pieces, others];
}

function wordsOf(text: string): string[] {
    return text.match(/\S+/g) ?? [];
}

function append(pieces: Piece[], word: string, isOther: boolean): void {
    const last = pieces.at(-1);
    if (last?.isOther === isOther) {
        last.text += ` ${word}`;
    } else {
        pieces.push({ text: word, isOther });
    }
}
