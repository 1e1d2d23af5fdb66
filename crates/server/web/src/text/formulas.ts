/** A part of a text: plain, or a formula in TeX. */
export interface Part {
    text: string;
    isFormula: boolean;
}

// A dollar sign opens a formula before something other than white space, and closes it after something other than
// white space and not before a digit, so that prices are not formulas (the rule of Pandoc).
const FORMULA = /\$\$([^$]+)\$\$|\$(?!\s)((?:\\.|[^$\\]){1,500}?)(?<!\s)\$(?!\d)|\\\((.{1,500}?)\\\)|\\\[(.{1,500}?)\\\]/gs;

/** Splits a text into plain parts and formulas between `$`, `$$`, `\(` and `\[`. */
export function parts(text: string): Part[] {
    const found: Part[] = [];
    let end = 0;
    for (const match of text.matchAll(FORMULA)) {
        const formula = match[1] ?? match[2] ?? match[3] ?? match[4] ?? "";
        if (match.index > end) {
            found.push({ text: text.slice(end, match.index), isFormula: false });
        }
        found.push({ text: formula, isFormula: true });
        end = match.index + match[0].length;
    }
    if (end < text.length) {
        found.push({ text: text.slice(end), isFormula: false });
    }
    return found;
}

/** Typesets a formula as MathML in an element. A formula that cannot be read stays as it is written. */
export async function typeset(formula: string, element: HTMLElement): Promise<void> {
    try {
        const { default: katex } = await import("./katex");
        katex.render(formula, element, { output: "mathml", throwOnError: true, trust: false, strict: "ignore", maxExpand: 200 });
    } catch {
        element.textContent = formula;
    }
}
