/** Words that say nothing about a subject, of at least four letters. */
const COMMON = new Set(
    "also although among another based because been before being between both cannot could does each even find found from given have however into itself many more most much must need only other over paper provide proposed result results same several shall should show shown shows since some study such than that their them then there therefore these they this those through thus under until upon used using various very well were what when where whether which while whose will with within without work would your".split(
        " ",
    ),
);

/** Returns the words of a text, in small letters. */
function wordsOf(text: string): string[] {
    return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** Returns the words that two texts share, as far as they say something about a subject. */
export function sharedWords(one: string, other: string): string[] {
    const words = new Set(wordsOf(other));
    return [...new Set(wordsOf(one))].filter((word) => word.length > 3 && !COMMON.has(word) && words.has(word));
}
