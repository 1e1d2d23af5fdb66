import assert from "node:assert/strict";
import { test } from "node:test";

import { checkView, URL_OF_PAGE, useBrowser, visit } from "./browser.mjs";

useBrowser();

const topics = async () => (await (await fetch(`${URL_OF_PAGE}/api/v1/topics?resolution=1&central=0`)).json()).topics;
const nameOf = ({ words }) => words.slice(0, 3).join(", ");

async function ready(page) {
    await page.locator(".treemap a").first().waitFor();
    await page.locator(".timeline li").first().waitFor();
}

test("the cells are the topics of the library, and their areas are the numbers of papers", () =>
    visit("/topics", async (page) => {
        await ready(page);
        const expected = await topics();
        assert(expected.length > 1);
        const names = await page.locator(".treemap a").evaluateAll((cells) => cells.map((cell) => cell.textContent));
        expected.forEach((topic, at) => assert(names[at].startsWith(`${nameOf(topic)}, ${topic.size.toLocaleString("en")} papers`), names[at]));
        const boxes = await page.locator(".treemap li").evaluateAll((cells) => cells.map((cell) => cell.offsetWidth * cell.offsetHeight));
        const all = boxes.reduce((sum, area) => sum + area, 0);
        const papers = expected.reduce((sum, { size }) => sum + size, 0);
        boxes.forEach((area, at) => assert(Math.abs(area / all - expected[at].size / papers) < 0.02));
    }));

test("the keyboard goes into a topic, whose central papers come first, and back", () =>
    visit("/topics", async (page) => {
        await ready(page);
        const [first] = await topics();
        await page.locator(".treemap a").first().focus();
        await page.keyboard.press("Enter");
        await page.waitForURL(/topic=/);
        await page.locator(".breadcrumb [aria-current]").getByText(nameOf(first), { exact: true }).waitFor();
        await page.locator("article").first().waitFor();
        const ids = await page.locator("article").evaluateAll((cards) => cards.map((card) => card.dataset.id));
        assert.deepEqual(ids, first.ids.slice(0, 20));
        await page.reload();
        await page.locator("article").first().waitFor();
        await page.goBack();
        await page.locator(".breadcrumb [aria-current]").waitFor({ state: "detached" });
        await ready(page);
    }));

test("a search colors the topics by its hits", () =>
    visit("/topics", async (page) => {
        await ready(page);
        await page.getByLabel("Color by the hits").fill("dark matter");
        await page.waitForURL(/q=dark\+matter/);
        await page.getByText("The more of its papers are among the best 500 hits").waitFor();
        await page.locator(".treemap a", { hasText: /\d hits$/ }).first().waitFor({ state: "attached" });
    }));

test("the tables have the same numbers", () =>
    visit("/topics", async (page) => {
        await ready(page);
        const expected = await topics();
        await page.getByText("As a table").first().click();
        const sizes = await page.locator(".topics-view > details tbody td:nth-child(2)").allTextContents();
        assert.deepEqual(sizes, expected.map(({ size }) => size.toLocaleString("en")));
        await page.getByText("As a table").last().click();
        await page.getByRole("columnheader", { name: /or earlier/ }).waitFor();
    }));

test("a topic that is gone is named", () =>
    visit("/topics?topic=nothing", (page) => page.getByText("There is no such topic any more").waitFor()));

test("the view is accessible, at every width, in light and dark", () => checkView("topics", "/topics", ready));
