import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { checkView, useBrowser, visit } from "./browser.mjs";

useBrowser();

const TEX = String.raw`\documentclass{article}
\title{On graphs}
\begin{document}
A model of graph theory was compared with others~\cite{known}. Proteins fold~\cite{nobody}. A measurement of dark matter agrees.
\end{document}
`;
const BIB = "@article{known, title = {A model of graph theory}, year = {2000}}\n@article{broken, year = {1999}}\n";
const tex = { name: "draft.tex", mimeType: "text/x-tex", buffer: Buffer.from(TEX) };
const bib = { name: "refs.bib", mimeType: "text/plain", buffer: Buffer.from(BIB) };

const shownIds = (page) => page.locator("article.card").evaluateAll((cards) => cards.map((card) => card.dataset.id));
const choose = (page, ...files) => page.locator('input[type="file"]').setInputFiles(files);

test("a draft and its references show what is missed, each with the sentence of the draft", () =>
    visit("/missed", async (page) => {
        await choose(page, tex, bib);
        await page.locator("article.card").first().waitFor();
        assert(!(await shownIds(page)).includes("paper-2-0"), "a paper that is cited");
        const count = await page.locator("article.card").count();
        assert.equal(await page.locator(".sentence blockquote").count(), count);
        await page.getByText("2 citations, 1 of them in the library").waitFor();
        await page.getByText("What the draft cites").click();
        await page.getByRole("link", { name: "A model of graph theory" }).waitFor();
        await page.getByText("1 reference could not be read").waitFor();
    }));

test("accepted papers are copied and saved, rejected ones are hidden", () =>
    visit("/missed", async (page) => {
        await choose(page, tex);
        await page.locator("article.card").first().waitFor();
        const ids = await shownIds(page);
        await page.getByRole("button", { name: /^Accept “/ }).nth(0).click();
        await page.getByRole("button", { name: /^Accept “/ }).nth(2).click();
        await page.getByText("2 accepted").waitFor();
        await page.locator(".accepted").getByRole("button", { name: "Copy BibTeX" }).click();
        await page.getByText("Copied as BibTeX.").waitFor();
        assert.equal((await page.evaluate(() => navigator.clipboard.readText())).match(/^@/gm).length, 2);
        const [saved] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save as BibTeX" }).click()]);
        assert.equal((await readFile(await saved.path(), "utf8")).match(/^@/gm).length, 2);
        // By the keyboard, the focus goes on to the next paper.
        await page.getByRole("button", { name: /^Reject “/ }).nth(1).focus();
        await page.keyboard.press("Enter");
        await page.waitForFunction((id) => document.activeElement?.closest("article")?.dataset.id === id, ids[2]);
        assert.deepEqual(await shownIds(page), ids.filter((id) => id !== ids[1]));
        // Another view and back: nothing is lost.
        await page.getByRole("link", { name: "Search", exact: true }).click();
        await page.getByRole("link", { name: "Missed", exact: true }).click();
        await page.getByText("2 accepted").waitFor();
        await page.getByRole("button", { name: "Show again" }).click();
        assert.deepEqual(await shownIds(page), ids);
        await page.getByRole("button", { name: "Remove “draft.tex”" }).click();
        await page.getByLabel("Or paste the text").waitFor();
    }));

test("a text is pasted, and goes nowhere but to the server", () =>
    visit("/missed", async (page) => {
        const asked = [];
        page.on("request", (request) => asked.push(`${request.method()} ${new URL(request.url()).pathname}${new URL(request.url()).search}`));
        await page.getByLabel("Or paste the text").fill("A secret sentence about enzyme kinetics. Another one about the early universe.");
        await page.getByRole("button", { name: "Find what is missed" }).click();
        await page.locator("article.card").first().waitFor();
        assert(asked.includes("POST /api/v1/missed"), asked.join("\n"));
        assert(!asked.some((address) => /secret/.test(address)), asked.join("\n"));
        assert.equal(await page.evaluate(() => JSON.stringify([localStorage, sessionStorage])).then((kept) => /secret/.test(kept)), false);
    }));

test("a file that is no draft is named", () =>
    visit("/missed", async (page) => {
        await choose(page, { name: "figure.png", mimeType: "image/png", buffer: Buffer.from("png") });
        await page.getByText("Not read: figure.png.").waitFor();
    }));

test("what is missed is usable by everyone", async () => {
    await checkView("missed-empty", "/missed", (page) => page.getByLabel("Or paste the text").waitFor());
    await checkView("missed", "/missed", async (page) => {
        await choose(page, tex);
        await page.locator("article.card").first().waitFor();
        await page.getByText("What the draft cites").click();
        // Cards below the bar that stays in sight would count as too small.
        await page.evaluate(() => scrollTo(0, 0));
    });
});
