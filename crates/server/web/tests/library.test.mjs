import assert from "node:assert/strict";
import { after, test } from "node:test";

import { checkView, URL_OF_PAGE, useBrowser, visit } from "./browser.mjs";
import { MARKUP } from "./papers.mjs";

useBrowser();

const API = `${URL_OF_PAGE}/api/v1`;
const file = (name, content) => ({ name, mimeType: "text/plain", buffer: Buffer.from(content) });
const choose = (page, ...files) => page.locator('input[type="file"]').setInputFiles(files);
const twin = (id) => `@article{${id}, title = {A paper that comes twice}, abstract = {It is about twins${id === "twin-b" ? ", and a little longer" : ""}.}, year = {2021}}\n`;

const latestJob = (page) => page.locator(".jobs > li").first();

/** Goes through the pairs until that of the twins is shown. */
async function showTwins(page) {
    await page.locator(".pair").waitFor();
    const isShown = async () => (await page.locator(".pair h3").allTextContents()).sort().join() === "twin-a,twin-b";
    while (!(await isShown())) {
        await page.getByRole("button", { name: "Next pair" }).click();
    }
}

after(async () => {
    for (const id of ["added-by-test", "pasted-by-test", "many", "twin-a", "twin-b"]) {
        await fetch(`${API}/papers/${id}`, { method: "DELETE" });
    }
});

test("a file is added, with a report and its remarks", () =>
    visit("/library", async (page) => {
        await choose(page, file("refs.bib", `@article{added-by-test, title = {${MARKUP} Added}, year = {2020}, foo = {bar}}\n@article{empty, year = {1999}}\n`));
        await latestJob(page).getByText("1 added, 0 updated, 0 unchanged, 1 left out.").waitFor();
        await latestJob(page).getByText("2 remarks").click();
        await page.getByRole("cell", { name: /^Left out:/ }).waitFor();
        await page.getByRole("button", { name: "Remove: refs.bib" }).click();
        await page.getByRole("button", { name: "Remove: refs.bib" }).waitFor({ state: "detached" });
    }));

test("a long file shows how far it is, and is cancelled", () =>
    visit("/library", async (page) => {
        // Versions of one paper, so that one paper is left at most.
        const records = Array.from({ length: 10_000 }, (_, at) => `{"id": "many", "title": "A paper with many versions", "abstract": "${`It has version ${at}. `.repeat(40)}"}`);
        await choose(page, file("many.jsonl", records.join("\n")));
        await page.getByRole("button", { name: "Cancel: many.jsonl" }).click();
        await latestJob(page).getByText("cancelled").waitFor();
        await page.getByRole("button", { name: "Remove: many.jsonl" }).click();
    }));

test("BibTeX is pasted, and a DOI alone is explained", () =>
    visit("/library", async (page) => {
        const box = page.getByLabel("Or paste BibTeX");
        await box.fill("@article{pasted-by-test, title = {A pasted paper}, year = {2020}}");
        await page.getByRole("button", { name: "Add the pasted text" }).click();
        await latestJob(page).getByText("1 added, 0 updated, 0 unchanged, 0 left out.").waitFor();
        assert.equal(await box.inputValue(), "");
        assert(await page.getByRole("checkbox", { name: /^Leave out records/ }).isChecked());
        await box.fill("10.1000/2.2, https://doi.org/10.5555/none");
        await page.getByRole("button", { name: "Add the pasted text" }).click();
        await page.getByText("A DOI or an arXiv identifier alone").waitFor();
        await page.getByRole("link", { name: "A proof of graph theory" }).waitFor();
        await page.getByText("not in the library").waitFor();
    }));

test("a text in no format says so", () =>
    visit("/library", async (page) => {
        await page.getByLabel("Or paste BibTeX").fill("nothing of the kind");
        await page.getByRole("button", { name: "Add the pasted text" }).click();
        await latestJob(page).getByText(/is in no format/).waitFor();
    }));

test("duplicates are compared, marked as different, or removed after a question", () =>
    visit("/library", async (page) => {
        await choose(page, file("twins.bib", twin("twin-a") + twin("twin-b")));
        await latestJob(page).getByText(/^2 added/).waitFor();
        await page.getByLabel("Texts whose cosine is").selectOption("0.99");
        await page.getByRole("button", { name: "Find duplicates" }).click();
        await showTwins(page);
        assert.deepEqual(await page.locator(".pair mark").allTextContents(), ["twins.", "twins, and a little longer."]);
        await page.getByRole("button", { name: "Not the same" }).click();
        await page.waitForFunction(() => [...document.querySelectorAll(".pair h3")].map((heading) => heading.textContent).join() !== "twin-a,twin-b");
        await page.getByRole("button", { name: "Forget the marks" }).click();
        await page.getByRole("button", { name: "Find again" }).click();
        await showTwins(page);
        await page.getByRole("button", { name: "Keep this one: twin-a" }).click();
        await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
        assert.equal((await fetch(`${API}/papers/twin-b`)).status, 200);
        await page.getByRole("button", { name: "Keep this one: twin-a" }).click();
        await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
        await page.getByText("“A paper that comes twice” is removed.").waitFor();
        assert.equal((await fetch(`${API}/papers/twin-b`)).status, 404);
        await page.getByRole("button", { name: "Add it again" }).click();
        await latestJob(page).getByText(/^1 added/).waitFor();
        assert.equal((await fetch(`${API}/papers/twin-b`)).status, 200);
    }));

test("the library is usable by everyone", () =>
    checkView("library", "/library", async (page) => {
        await page.getByRole("button", { name: "Find duplicates" }).click();
        await page.locator(".duplicates [role=status] p").first().waitFor();
        await page.getByText("cognate check --repair").first().waitFor();
    }));
