import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { beforeEach, test } from "node:test";

import { checkView, URL_OF_PAGE, useBrowser, visit } from "./browser.mjs";
import { LONG, MARKUP } from "./papers.mjs";

useBrowser();

const API = `${URL_OF_PAGE}/api/v1`;
const JSON_BODY = { "content-type": "application/json" };

async function put(list, ids) {
    const answer = await fetch(`${API}/lists/${encodeURIComponent(list)}/papers`, { method: "POST", headers: JSON_BODY, body: JSON.stringify({ ids }) });
    assert.equal(answer.status, 200, await answer.text());
}

async function onList(list) {
    const { papers } = await (await fetch(`${API}/lists/${encodeURIComponent(list)}`)).json();
    return papers.map(({ id }) => id);
}

const shownIds = (page) => page.locator("article.card").evaluateAll((cards) => cards.map((card) => card.dataset.id));

beforeEach(async () => {
    const { lists } = await (await fetch(`${API}/lists`)).json();
    for (const { name } of lists) {
        for (const id of await onList(name)) {
            await fetch(`${API}/lists/${encodeURIComponent(name)}/papers/${encodeURIComponent(id)}`, { method: "DELETE" });
        }
    }
    await put("liked", ["paper-2-0", "paper-2-1"]);
    await put("disliked", ["paper-0-0"]);
});

test("without a paper that is liked, the desk says what to do", async () => {
    for (const id of await onList("liked")) {
        await fetch(`${API}/lists/liked/papers/${id}`, { method: "DELETE" });
    }
    await visit("/desk", (page) => page.getByText("Like a few papers").waitFor());
});

test("the ranking is that of the classifier, and has no paper that is on a list", () =>
    visit("/desk", async (page) => {
        await page.locator("article.card").first().waitFor();
        const like = await onList("liked");
        const body = { like: [...like].reverse(), not: ["paper-0-0"], strategy: "svm", k: 20, not_list: ["liked", "disliked", "read", "hidden"] };
        const answer = await (await fetch(`${API}/related`, { method: "POST", headers: JSON_BODY, body: JSON.stringify(body) })).json();
        assert.deepEqual(await shownIds(page), answer.hits.map(({ id }) => id));
        await page.getByText("learned from 2 liked and 1 disliked papers").waitFor();
    }));

test("the ranking learns, and keeps its order while the pointer is over it", () =>
    visit("/desk", async (page) => {
        await page.locator("article.card").first().waitFor();
        const before = await shownIds(page);
        await page.locator("article.card").nth(1).getByRole("button", { name: "Dislike" }).click();
        await page.getByText("There is a new order.").waitFor();
        assert.deepEqual(await shownIds(page), before);
        assert(await page.locator("article.card").nth(1).getByRole("button", { name: "Dislike" }).evaluate((button) => button.ariaPressed === "true"));
        await page.mouse.move(5, 5);
        await page.waitForFunction((id) => document.querySelector(`article[data-id="${id}"]`) === null, before[1]);
        assert.deepEqual((await onList("disliked")).sort(), ["paper-0-0", before[1]].sort());
    }));

test("the ranking learns by the keyboard alone, and shows the new order when it is asked for", () =>
    visit("/desk", async (page) => {
        await page.locator("article.card").first().waitFor();
        const before = await shownIds(page);
        await page.keyboard.press("j");
        await page.keyboard.press("l");
        await page.getByText("There is a new order.").waitFor();
        assert.deepEqual(await shownIds(page), before);
        await page.getByRole("button", { name: "Show the new order" }).focus();
        await page.waitForFunction((id) => document.querySelector(`article[data-id="${id}"]`) === null, before[0]);
    }));

test("a list has notes, which are text", () =>
    visit("/desk?list=liked", async (page) => {
        await page.getByRole("heading", { name: "Liked", level: 2 }).waitFor();
        await page.getByRole("button", { name: "Add a note" }).first().click();
        await page.keyboard.type(MARKUP);
        await page.keyboard.press("Control+Enter");
        await page.getByText("The note is saved.").waitFor();
        assert.equal(await page.locator(".note-text").textContent(), MARKUP);
        await page.waitForFunction(() => document.activeElement.textContent === "Edit the note");
        await page.reload();
        await page.locator(".note-text").waitFor();
        await page.getByRole("button", { name: "Edit the note" }).click();
        await page.getByLabel("Note").fill("");
        await page.getByRole("button", { name: "Save", exact: true }).click();
        await page.waitForFunction(() => document.querySelector(".note-text") === null);
    }));

test("a paper that is taken off stays in its place, and can be put back", () =>
    visit("/desk?list=liked", async (page) => {
        await page.locator("article.card").first().waitFor();
        const before = await shownIds(page);
        await page.locator("article.card").first().getByRole("button", { name: "Like", exact: true }).click();
        await page.getByText("Taken off this list.").waitFor();
        assert.deepEqual(await shownIds(page), before);
        await page.waitForFunction(() => document.querySelector('.desk nav a[aria-current] small').textContent === "1");
        await page.getByRole("button", { name: "Put it back" }).click();
        await page.waitForFunction(() => document.querySelector('.desk nav a[aria-current] small').textContent === "2");
    }));

test("a note comes back with its paper", () =>
    visit("/desk?list=liked", async (page) => {
        await page.getByRole("button", { name: "Add a note" }).first().click();
        await page.keyboard.type("for the talk");
        await page.getByRole("button", { name: "Save", exact: true }).click();
        await page.getByText("The note is saved.").waitFor();
        await page.locator("article.card").first().getByRole("button", { name: "Like", exact: true }).click();
        await page.getByRole("button", { name: "Put it back" }).click();
        await page.getByText("The note is saved.").waitFor();
        await page.reload();
        await page.getByText("for the talk").waitFor();
    }));

test("a list is created, filled, exported and deleted", () =>
    visit("/desk", async (page) => {
        await page.getByLabel("Name of the list").fill("for <b>later</b>");
        await page.getByRole("button", { name: "Create" }).click();
        await page.getByRole("heading", { name: "for <b>later</b>", level: 2 }).waitFor();
        await put("for <b>later</b>", ["paper-1-1", "markup"]);
        await page.reload();
        await page.locator("article.card").nth(1).waitFor();
        for (const [name, pattern] of [["BibTeX", /^@/], ["RIS", /^TY {2}- /], ["CSL-JSON", /^\[/], ["CSV", /^id,/]]) {
            const [saved] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: `Save as ${name}` }).click()]);
            assert.match(await readFile(await saved.path(), "utf8"), pattern);
        }
        await page.getByRole("button", { name: "Take off the list" }).first().click();
        await page.getByText("Taken off this list.").waitFor();
        await page.getByRole("button", { name: "Delete the list …" }).click();
        await page.getByRole("dialog").getByRole("button", { name: "Delete the list" }).click();
        await page.waitForURL(/\/desk$/);
        const { lists } = await (await fetch(`${API}/lists`)).json();
        assert(!lists.some(({ name }) => name === "for <b>later</b>"));
    }));

test("the desk is usable by everyone", async () => {
    await put("liked", ["markup", "long", "right-to-left"]);
    await checkView("desk", "/desk", (page) => page.locator("article.card").first().waitFor());
    await checkView("desk-list", "/desk?list=liked", async (page) => {
        await page.locator("article.card").nth(4).waitFor();
        assert(await page.getByText(LONG).first().isVisible());
    });
});
