import { addressOf, route } from "../../state/route";
import { number, strings } from "../../text/language";
import type { Node } from "../../topics/tree";
import type { Shade } from "../../views/TopicsView";

/** Returns the name of a topic: its first words. */
export function nameOf({ words, key }: Node): string {
    return key === undefined ? strings.value.otherPapers : words.slice(0, 3).join(", ");
}

/** Returns the address of a topic within the one that is shown, or nothing for papers that are in none. */
export function linkTo(path: readonly string[], { key }: Node): { href?: string } {
    return key === undefined ? {} : { href: addressOf("/topics", { q: route.value.parameters.get("q") ?? "", topic: [...path, key] }) };
}

/** The topics as a table, which has the same content as the treemap. */
export function TopicTable({ nodes, path, shade }: { nodes: readonly Node[]; path: readonly string[]; shade: (node: Node) => Shade }) {
    const texts = strings.value;
    const all = nodes.reduce((sum, node) => sum + node.ids.length, 0);
    return (
        <div class="scrolled" tabIndex={0} role="region" aria-label={`${texts.views.topics}: ${texts.asTable}`}>
            <table class="topic-table">
                <thead>
                    <tr>
                        <th scope="col">{texts.topic}</th>
                        <th scope="col">{texts.paperCount}</th>
                        <th scope="col">%</th>
                        <th scope="col">{texts.shade}</th>
                    </tr>
                </thead>
                <tbody>
                    {nodes.map((node) => (
                        <tr key={node.key ?? ""}>
                            <th scope="row">
                                <a {...linkTo(path, node)}>
                                    <bdi>{node.key === undefined ? nameOf(node) : node.words.join(", ")}</bdi>
                                </a>
                            </th>
                            <td>{number(node.ids.length)}</td>
                            <td>{number((100 * node.ids.length) / all, 1)}</td>
                            <td>{shade(node).text}</td>
                        </tr>
                    ))}
                </tbody>
            </table>
        </div>
    );
}
