// A browser for the tests. Each page fails its test if it asks another host for something, or reports an error.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const URL_OF_PAGE = process.env.PAGE_URL;
const SCREENSHOTS = process.env.SCREENSHOTS;
const AXE = await readFile(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");

let browser;

/** Starts the browser before the tests of a file, and ends it after them. */
export function useBrowser() {
    before(async () => {
        const executablePath = process.env.CHROMIUM || "/usr/bin/chromium";
        assert(existsSync(executablePath), `${executablePath} does not exist: install Chromium, or name it in CHROMIUM`);
        const args = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"];
        browser = await chromium.launch({ executablePath, args });
    });
    after(() => browser.close());
}

/** Opens a view, runs a test on it, and checks that the page stayed on its own server and reported no error. */
export async function visit(path, test, { width = 1280, height = 900, dark = false, locale = "en-US", expectsErrors = false } = {}) {
    const context = await browser.newContext({
        viewport: { width, height },
        colorScheme: dark ? "dark" : "light",
        locale,
        permissions: ["clipboard-read", "clipboard-write"],
        reducedMotion: "reduce",
    });
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    const errors = [];
    page.on("console", (message) => ["error", "warning"].includes(message.type()) && errors.push(message.text()));
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("request", (request) => {
        const { origin, protocol } = new URL(request.url());
        if (origin !== URL_OF_PAGE && protocol !== "blob:" && protocol !== "data:") {
            errors.push(`a request to ${request.url()}`);
        }
    });
    try {
        await page.goto(URL_OF_PAGE + path);
        await test(page);
        assert.equal(await page.evaluate(() => window.hacked), undefined, "the text of a paper ran as a script");
        if (!expectsErrors) {
            assert.deepEqual(errors, []);
        }
    } catch (error) {
        error.message += `\n(at ${page.url()}; console: ${errors.join("; ") || "empty"})`;
        throw error;
    } finally {
        await context.close();
    }
}

/** Checks a view: no violation of accessibility in light and dark, and no scrolling sideways at widths of 320 to 2,560 px. */
export async function checkView(name, path, ready) {
    for (const dark of [false, true]) {
        for (const width of [1280, 390, 320, 2560]) {
            await visit(
                path,
                async (page) => {
                    await ready(page);
                    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
                    assert(overflow <= 0, `${name} is ${overflow} px wider than a window of ${width} px`);
                    if (width === 1280 || width === 390) {
                        assert.deepEqual(await violations(page), [], `${name}, ${dark ? "dark" : "light"}, ${width} px`);
                        if (SCREENSHOTS) {
                            await mkdir(SCREENSHOTS, { recursive: true });
                            await page.screenshot({ path: `${SCREENSHOTS}/${name}-${width}${dark ? "-dark" : ""}.png` });
                        }
                    }
                },
                { dark, width },
            );
        }
    }
}

/** Returns what axe-core finds, as short texts. */
export async function violations(page) {
    // The script runs as part of the test, outside the policy of the page.
    await page.evaluate(AXE);
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const found = await page.evaluate((tags) => window.axe.run(document, { runOnly: { type: "tag", values: tags } }), tags);
    return found.violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 120)).join(" | ")}`);
}

/** Waits until a condition in the page holds, with the time that it took in milliseconds. */
export async function timed(page, act, condition, argument) {
    const start = performance.now();
    await act();
    await page.waitForFunction(condition, argument, { polling: "raf" });
    return performance.now() - start;
}
