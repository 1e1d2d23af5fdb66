import assert from "node:assert/strict";
import { test } from "node:test";

import { checkView, URL_OF_PAGE, useBrowser, visit } from "./browser.mjs";
import { LONG, MARKUP } from "./papers.mjs";

useBrowser();

const firstTitle = (page) => page.locator(".results article h3 a").first().textContent();

async function search(page, text) {
    await page.getByLabel("Search the library").fill(text);
    await page.waitForFunction(() => document.querySelector(".results .bar") !== null && document.querySelector('[aria-busy="true"]') === null);
}

test("results come while one types, and the address keeps the query", () =>
    visit("/", async (page) => {
        await page.getByLabel("Search the library").pressSequentially("proof of graph theory");
        await page.waitForFunction(() => document.querySelector("article h3 a")?.textContent.includes("graph theory"));
        await page.waitForURL(/q=proof\+of\+graph\+theory/);
        await page.reload();
        await page.waitForFunction(() => document.querySelector("article h3 a")?.textContent.includes("graph theory"));
        assert.equal(await page.getByLabel("Search the library").inputValue(), "proof of graph theory");
    }));

test("hits are the same, in the same order, as those of the server", () =>
    visit("/", async (page) => {
        await search(page, "a model of dark matter");
        const shown = await page.locator(".results article").evaluateAll((cards) => cards.map((card) => card.dataset.id));
        const answer = await (await fetch(`${URL_OF_PAGE}/api/v1/search?q=a+model+of+dark+matter&limit=20`)).json();
        assert.deepEqual(shown, answer.hits.map((hit) => hit.id));
    }));

test("the nearest sentence and the shared words are marked", () =>
    visit("/?q=enzyme+kinetics", async (page) => {
        await page.locator("article mark").first().waitFor();
        const words = await page.locator("article").first().locator("mark").allTextContents();
        assert(words.some((word) => /enzyme|kinetics/i.test(word)), `marked: ${words}`);
    }));

test("filters and the order are in the address, and can be removed", () =>
    visit("/?q=a+model", async (page) => {
        await page.getByRole("checkbox", { name: /cs\.CL/ }).check();
        await page.waitForURL(/category=cs\.CL/);
        await page.waitForFunction(() => [...document.querySelectorAll(".results article")].every((card) => card.querySelector(".category")?.textContent === "cs.CL"));
        await page.getByLabel("Sort by").selectOption("date");
        await page.waitForURL(/sort=date/);
        await page.waitForFunction(() => document.querySelector(".results article time")?.textContent.includes("2020"));
        await page.getByLabel("From", { exact: true }).fill("2017");
        await page.keyboard.press("Enter");
        await page.waitForURL(/year=2017-/);
        await page.getByRole("button", { name: "Clear the filters" }).click();
        await page.waitForFunction(() => !location.search.includes("category") && !location.search.includes("year"));
    }));

test("further hits are added below", () =>
    visit("/?q=a+measurement", async (page) => {
        await page.getByRole("button", { name: "Show more" }).click();
        await page.waitForFunction(() => document.querySelectorAll(".results article").length > 20);
        const ids = await page.locator(".results article").evaluateAll((cards) => cards.map((card) => card.dataset.id));
        assert.equal(new Set(ids).size, ids.length);
    }));

test("a query that finds nothing says why", () =>
    visit("/?q=model&year=1800", async (page) => {
        await page.getByText("Nothing was found.").waitFor();
        assert((await page.locator(".empty li").count()) > 0);
    }));

test("the keyboard alone searches, walks, selects, copies, likes and opens", () =>
    visit("/", async (page) => {
        await page.locator("article").first().waitFor();
        await page.keyboard.press("Escape");
        await page.keyboard.press("/");
        await page.keyboard.type("protein folding");
        await page.waitForFunction(() => document.querySelector(".results article h3 a")?.textContent.includes("protein folding") && !document.querySelector('[aria-busy="true"]'));
        await page.waitForURL(/q=protein/);
        await page.keyboard.press("ArrowDown");
        await page.keyboard.press("j");
        const id = await page.locator(".results article.current").getAttribute("data-id");
        await page.keyboard.press("x");
        await page.getByText("1 paper selected").waitFor();
        await page.keyboard.press("c");
        await page.getByText("Copied as BibTeX.").waitFor();
        assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^@.*protein folding/s);
        await page.keyboard.press("l");
        await page.locator(`article[data-id="${id}"] .liked[aria-pressed="true"]`).waitFor();
        await page.getByText("Put on the list").waitFor();
        const list = await (await fetch(`${URL_OF_PAGE}/api/v1/lists/liked`)).json();
        assert(list.papers.some((paper) => paper.id === id));
        await page.keyboard.press("l");
        await page.getByText("Taken off the list").waitFor();
        await page.keyboard.press("o");
        await page.waitForURL(new RegExp(`/paper/${id}`));
    }));

test("single keys can be turned off, and Ctrl K searches from everywhere", () =>
    visit("/?q=model", async (page) => {
        await page.locator(".results article").first().waitFor();
        await page.locator("h3 a").first().focus();
        await page.keyboard.press("?");
        await page.getByLabel("Use single keys as shortcuts").uncheck();
        await page.keyboard.press("Escape");
        await page.locator("dialog").waitFor({ state: "detached" });
        await page.keyboard.press("x");
        assert.equal(await page.locator(".selection").count(), 0);
        await page.keyboard.press("Control+k");
        await page.waitForFunction(() => document.activeElement?.id === "query");
    }));

test("selected papers are related, listed and exported", () =>
    visit("/?q=dark+matter", async (page) => {
        await page.locator(".results article").first().waitFor();
        await page.locator(".results article input").nth(0).check();
        await page.locator(".results article input").nth(1).check();
        await page.getByText("2 papers selected").waitFor();
        await page.getByRole("button", { name: "Put on a list" }).click();
        await page.getByLabel("Name of the list").fill("to read");
        await page.keyboard.press("Enter");
        await page.getByText("on the list “to read”").first().waitFor();
        const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("region", { name: /selected/ }).getByRole("button", { name: "BibTeX" }).click()]);
        assert.equal(file.suggestedFilename(), "papers.bib");
        await page.getByRole("button", { name: "Related", exact: true }).click();
        await page.waitForURL(/\/related\?like=.*&like=/);
        await page.locator(".related article").first().waitFor();
        await fetch(`${URL_OF_PAGE}/api/v1/lists/to%20read`, { method: "DELETE" });
    }));

test("fields are shown as text, whatever they contain", () =>
    visit("/?q=markup", async (page) => {
        await page.locator('article[data-id="markup"]').waitFor();
        assert.equal(await page.locator('article[data-id="markup"] h3 a').textContent(), `Markup ${MARKUP}`);
        assert.equal(await page.locator("article script, article img").count(), 0);
    }));

test("formulas are typeset, and prices are not formulas", () =>
    visit("/paper/formula", async (page) => {
        await page.locator("h1 math").waitFor();
        await page.locator(".abstract math").waitFor();
        const text = await page.locator(".abstract").textContent();
        assert(text.startsWith("It costs $5 or $6."), text);
        assert.equal(await page.locator(".abstract math").count(), 1);
        assert(text.includes("\\unknowncommand"), "a formula that cannot be read stays as it is written");
    }));

test("long titles, accents and right-to-left titles fit", async () => {
    for (const [parameter, id] of [["year=2005", "long"], [`q=${encodeURIComponent("חיפוש מאמרים")}`, "right-to-left"], ["q=Łukasiewicz", "accents"]]) {
        await visit(`/?${parameter}`, async (page) => {
            await page.locator(`article[data-id="${id}"]`).waitFor();
            const box = await page.locator(`article[data-id="${id}"]`).boundingBox();
            assert(box.height < 600, `${id} is ${box.height} px high`);
            if (id === "long") {
                assert.equal(await page.locator(`article[data-id="long"] h3 a`).textContent(), LONG);
            }
            if (id === "right-to-left") {
                const direction = await page.locator(`article[data-id="${id}"] h3 a`).evaluate((link) => getComputedStyle(link).direction);
                assert.equal(direction, "rtl");
            }
        }, { width: 390 });
    }
});

test("order never changes under the pointer", () =>
    visit("/", async (page) => {
        // The search by meaning is held back, so that the hits by words are shown first.
        let release = [];
        await page.route(/\/api\/v1\/search\?(?!.*mode=keyword)/, async (route) => {
            await new Promise((resolve) => release.push(resolve));
            await route.continue();
        });
        await page.getByLabel("Search the library").fill("review of the universe");
        await page.getByText("By words.").waitFor();
        await page.locator(".results article").first().hover();
        const before = await page.locator(".results article").evaluateAll((cards) => cards.map((card) => card.dataset.id));
        release.forEach((resolve) => resolve());
        await page.getByRole("button", { name: "Show it" }).waitFor();
        const after = await page.locator(".results article").evaluateAll((cards) => cards.map((card) => card.dataset.id));
        assert.deepEqual(after.slice(0, before.length), before);
        await page.getByRole("button", { name: "Show it" }).click();
        const answer = await (await fetch(`${URL_OF_PAGE}/api/v1/search?q=review+of+the+universe&limit=20`)).json();
        await page.waitForFunction((first) => document.querySelector(".results article")?.dataset.id === first, answer.hits[0].id);
    }));

test("a server that does not answer is named", () =>
    visit("/", async (page) => {
        await page.locator("article").first().waitFor();
        await page.route(/\/api\/v1\/search/, (route) => route.abort());
        await page.getByLabel("Search the library").fill("anything");
        await page.getByText("The server does not answer.").waitFor();
        await page.unroute(/\/api\/v1\/search/);
        await page.getByRole("button", { name: "Try again" }).click();
        await page.locator(".results article").first().waitFor();
    }, { expectsErrors: true }));

test("German is the language of those who prefer it", () =>
    visit("/", async (page) => {
        await page.getByLabel("Die Bibliothek durchsuchen").waitFor();
        assert.equal(await page.evaluate(() => document.documentElement.lang), "de");
    }, { locale: "de-DE" }));

test("the view is accessible, at every width, in light and dark", async () => {
    await checkView("search", "/?q=a+model+of+dark+matter", (page) => page.locator("article mark").first().waitFor());
    await checkView("start", "/", (page) => page.locator("article").first().waitFor());
});
