import assert from "node:assert/strict";
import { test } from "node:test";

import { checkView, URL_OF_PAGE, useBrowser, visit } from "./browser.mjs";

useBrowser();

const API = `${URL_OF_PAGE}/api/v1`;
const shownIds = (page) => page.locator("article.card").evaluateAll((cards) => cards.map((card) => card.dataset.id));

async function setHidden(id, isHidden) {
    await fetch(`${API}/lists/hidden/papers/${id}`, { method: isHidden ? "PUT" : "DELETE" });
}

test("a library of old papers shows its latest ones", () =>
    visit("/new", async (page) => {
        await page.getByText("The library has no paper of the last year.").waitFor();
        await page.locator("article.card").first().waitFor();
        const { papers } = await (await fetch(`${API}/papers?sort=published&reverse=true&not_list=hidden&limit=10`)).json();
        assert.deepEqual((await shownIds(page)).slice(0, 10), papers.map(({ id }) => id));
        await page.getByLabel("New by").selectOption("added");
        await page.waitForURL(/by=added/);
        // All papers were added today.
        await page.waitForFunction(() => document.querySelectorAll("article.card").length > 30);
    }));

test("since a date, and no paper that is hidden", async () => {
    await setHidden("paper-4-5", true);
    try {
        await visit("/new?since=2015", async (page) => {
            await page.locator("article.card").first().waitFor();
            const ids = await shownIds(page);
            assert(!ids.includes("paper-4-5"));
            const { papers } = await (await fetch(`${API}/papers?sort=published&reverse=true&since=2015&not_list=hidden`)).json();
            assert.deepEqual(ids, papers.map(({ id }) => id));
            await page.getByLabel("Date", { exact: true }).fill("2019-01-01");
            await page.waitForURL(/since=2019-01-01/);
            await page.waitForFunction((count) => document.querySelectorAll("article.card").length < count, ids.length);
        });
    } finally {
        await setHidden("paper-4-5", false);
    }
});

test("a paper that was in sight is not shown again to who wants only unseen ones", () =>
    visit("/new?since=2010", async (page) => {
        await page.locator("article.card").first().waitFor();
        const [first] = await shownIds(page);
        await page.waitForFunction((id) => JSON.parse(localStorage.getItem("cognate-seen:papers") ?? "[]").includes(id), first);
        await page.reload();
        await page.locator(`article[data-id="${first}"]`).getByText("Seen before").waitFor();
        await page.getByLabel("Only papers that I have not seen here").check();
        await page.waitForFunction((id) => document.querySelector(`article[data-id="${id}"]`) === null && document.querySelector("article.card") !== null, first);
        await page.getByRole("button", { name: "Forget them" }).click();
        await page.locator(`article[data-id="${first}"]`).waitFor();
    }));

test("the desk ranks the papers of a time", async () => {
    await fetch(`${API}/lists/liked/papers/paper-4-0`, { method: "PUT" });
    await visit("/new?since=2010", async (page) => {
        await page.getByLabel("Order").selectOption("desk");
        await page.getByText("A classifier has learned from").waitFor();
        await page.locator("article.card").first().waitFor();
        const years = await page.locator("article.card time").allTextContents();
        assert(years.every((text) => Number(/\d{4}/.exec(text)?.[0]) >= 2010), years.join());
    });
});

test("what is new is usable by everyone", () => checkView("new", "/new?since=2000", (page) => page.locator("article.card").first().waitFor()));
