import assert from "node:assert/strict";
import { test } from "node:test";

import { checkView, URL_OF_PAGE, useBrowser, visit } from "./browser.mjs";

useBrowser();

test("a paper has its fields, its links and its related papers, each with why", () =>
    visit("/paper/paper-2-2", async (page) => {
        await page.getByRole("heading", { name: "A proof of graph theory", level: 1 }).waitFor();
        assert.equal(await page.getByRole("link", { name: "10.1000/2.2" }).getAttribute("href"), "https://doi.org/10.1000/2.2");
        await page.locator(".related article").first().waitFor();
        const shown = await page.locator(".related article").evaluateAll((cards) => cards.map((card) => card.dataset.id));
        const answer = await (await fetch(`${URL_OF_PAGE}/api/v1/related?like=paper-2-2&k=20`)).json();
        assert.deepEqual(shown, answer.hits.map((hit) => hit.id));
        await page.getByText("Nearest sentence").first().waitFor();
    }));

test("more like these, less like that: by buttons", () =>
    visit("/paper/paper-1-0", async (page) => {
        await page.locator(".related article").first().waitFor();
        await page.getByRole("button", { name: /^More like “/ }).first().click();
        await page.waitForURL(/like=/);
        await page.getByRole("button", { name: /^Less like “/ }).nth(2).click();
        await page.waitForURL(/not=/);
        assert.equal(await page.locator(".drop.like li").count(), 2);
        assert.equal(await page.locator(".drop.not li").count(), 1);
        await page.getByLabel("Found by").selectOption("svm");
        await page.waitForURL(/strategy=svm/);
        await page.locator(".drop.not").getByRole("button", { name: /^Remove/ }).click();
        await page.waitForFunction(() => !location.search.includes("not="));
        await page.goBack();
        await page.waitForURL(/not=/);
    }));

test("more like these, less like that: by dragging", () =>
    visit("/paper/paper-1-0", async (page) => {
        await page.locator(".related article").first().waitFor();
        const id = await page.locator(".related article").nth(1).getAttribute("data-id");
        await page.locator(".related article").nth(1).dragTo(page.locator(".drop.not"));
        await page.waitForURL(new RegExp(`not=${id}`));
    }));

test("a paper is copied in several formats", () =>
    visit("/paper/paper-0-0", async (page) => {
        for (const [name, pattern] of [["BibTeX", /^@/], ["RIS", /^TY {2}- /], ["Markdown", /^- \[A model of protein folding\]\(<https:\/\/doi\.org\/10\.1000\/0\.0>\)/]]) {
            await page.locator(".paper-view > article").getByRole("button", { name: `Copy ${name}` }).click();
            await page.getByText(`Copied as ${name}.`).waitFor();
            assert.match(await page.evaluate(() => navigator.clipboard.readText()), pattern);
        }
    }));

test("lists and notes of a paper are kept", () =>
    visit("/paper/paper-3-3", async (page) => {
        await page.locator(".paper-view > article").getByRole("button", { name: "Read", exact: true }).click();
        await page.getByLabel("Note (Read)").fill("on the train");
        await page.getByLabel("Note (Read)").blur();
        await page.getByText("The note is saved.").waitFor();
        await page.reload();
        await page.waitForFunction(() => document.querySelector(".note textarea")?.value === "on the train");
        await page.locator(".paper-view > article").getByRole("button", { name: "Read", exact: true }).click();
        await page.getByText("Taken off the list").waitFor();
    }));

test("ids with characters of addresses work", () =>
    visit("/?q=id+with+a+slash", async (page) => {
        await page.getByRole("link", { name: "An id with a slash" }).click();
        await page.getByRole("heading", { name: "An id with a slash", level: 1 }).waitFor();
        await page.reload();
        await page.getByRole("heading", { name: "An id with a slash", level: 1 }).waitFor();
    }));

test("an unknown paper is a clear error", () =>
    visit("/paper/nothing-like-it", async (page) => {
        await page.getByRole("alert").waitFor();
        assert.match(await page.getByRole("alert").textContent(), /no paper/);
    }, { expectsErrors: true }));

test("the view is accessible, at every width, in light and dark", async () => {
    const ready = (page) => page.getByText("Nearest sentence").first().waitFor();
    await checkView("paper", "/paper/paper-2-2", ready);
    await checkView("related", "/related?like=paper-2-2&like=paper-2-3&not=paper-0-0", ready);
    await checkView("help", "/?q=model", async (page) => {
        await page.locator("article").first().waitFor();
        await page.getByRole("button", { name: "Keyboard and help" }).click();
        await page.locator("dialog[open]").waitFor();
    });
});
