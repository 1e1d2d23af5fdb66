// Measures the page of a server that runs: `node speed.mjs http://127.0.0.1:7625 [ROUNDS]`, with the times in
// milliseconds as medians and 95th percentiles. The first paint is the time from the request for the page; a search is
// the time from a key to the frame with other hits.

import { chromium } from "playwright-core";

const [address, rounds = "5"] = process.argv.slice(2);
const QUERIES = ["dark matter in galaxies", "graph neural networks", "protein folding", "random matrices", "speech recognition"];

// Without a GPU, Chromium composes pages faster by itself than by an emulated one.
const args = ["--no-sandbox"];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args });
const paints = [];
const searches = [];
for (let round = 0; round < Number(rounds); round += 1) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    await page.goto(address);
    await page.locator("article").first().waitFor();
    await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint").length > 0);
    paints.push(await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime));
    await page.evaluate(() => {
        window.times = [];
        const ids = () => [...document.querySelectorAll(".results article")].map((card) => card.dataset.id).join(" ");
        let pressed;
        let before = ids();
        document.querySelector("#query").addEventListener("input", (event) => {
            pressed = event.timeStamp;
            before = ids();
        });
        new MutationObserver(() => {
            if (pressed !== undefined && ids() !== before) {
                const start = pressed;
                pressed = undefined;
                requestAnimationFrame(() => window.times.push(performance.now() - start));
            }
        }).observe(document.querySelector("main"), { childList: true, subtree: true, attributes: true, attributeFilter: ["data-id"] });
    });
    for (const query of QUERIES) {
        await page.locator("#query").fill("");
        await page.waitForTimeout(600);
        await page.locator("#query").pressSequentially(query, { delay: 180 });
        await page.waitForTimeout(600);
    }
    searches.push(...(await page.evaluate(() => window.times)));
    await context.close();
}
await browser.close();

function report(name, times) {
    const sorted = times.toSorted((a, b) => a - b);
    const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))].toFixed(0);
    console.log(`${name}: median ${at(0.5)} ms, 95th percentile ${at(0.95)} ms, ${sorted.length} times`);
}
report("first paint", paints);
report("key to other hits", searches);
