import assert from "node:assert/strict";
import { test } from "node:test";

import { checkView, URL_OF_PAGE, useBrowser, visit } from "./browser.mjs";

useBrowser();

const get = async (path) => (await fetch(`${URL_OF_PAGE}/api/v1/${path}`)).json();
const ready = (page) => page.locator(".map-stage .names bdi").first().waitFor({ state: "attached" });

/** Returns where the point of a paper is on the screen while the whole map is shown. */
async function placeOf(page, { x, y }) {
    const box = await page.locator(".surface").boundingBox();
    const scale = (Math.min(box.width, box.height) / 2) * 0.94;
    return [box.x + box.width / 2 + x * scale, box.y + box.height / 2 - y * scale];
}

/** Returns a point that lies alone, so that a click on it cannot mean another one. */
async function pointAlone() {
    const { map } = await get("map");
    const query = Array.from({ length: map.points }, (_, at) => `at=${at}`).join("&");
    const { papers } = await get(`map/papers?${query}`);
    const distance = (one) => Math.min(...papers.map((other) => (other === one ? Infinity : Math.hypot(one.x - other.x, one.y - other.y))));
    return papers.reduce((best, paper) => (distance(paper) > distance(best) ? paper : best));
}

test("the layout is computed as a job, and then shown", () =>
    visit("/map", async (page) => {
        const compute = page.getByRole("button", { name: "Compute the map" });
        await compute.or(page.locator(".map-stage")).first().waitFor();
        if (await compute.isVisible()) {
            await compute.click();
        }
        await ready(page);
        const { map } = await get("map");
        await page.locator(".layout-state").getByText(`${map.points} papers`).waitFor();
    }));

test("the points are drawn, also after the context was lost, and only when something changes", () =>
    visit("/map", async (page) => {
        await ready(page);
        await page.evaluate(() => {
            const sheet = new CSSStyleSheet();
            sheet.replaceSync(".names, .over, .zoom { display: none !important }");
            document.adoptedStyleSheets = [sheet];
        });
        // The view has settled once two pictures of it are equal.
        const settled = async () => {
            let before;
            for (let now = await page.locator(".surface").screenshot(); !before?.equals(now); now = await page.locator(".surface").screenshot()) {
                before = now;
                await page.waitForTimeout(300);
            }
            return before;
        };
        const whole = await settled();
        await page.evaluate(async () => {
            const context = document.querySelector(".surface canvas").getContext("webgl2").getExtension("WEBGL_lose_context");
            context.loseContext();
            await new Promise((resolve) => setTimeout(resolve, 200));
            context.restoreContext();
        });
        await page.waitForFunction(() => !document.querySelector(".surface canvas").getContext("webgl2").isContextLost());
        assert(whole.equals(await settled()), "the map looks the same after the context was lost");
        await page.locator(".surface").focus();
        for (let step = 0; step < 12; step += 1) {
            await page.keyboard.press("ArrowLeft");
        }
        await page.waitForURL(/view=-/);
        assert(!whole.equals(await settled()), "another part of the map looks different");
        const drawn = await page.evaluate(async () => {
            let count = 0;
            const { drawArrays } = WebGL2RenderingContext.prototype;
            WebGL2RenderingContext.prototype.drawArrays = function (...values) {
                count += 1;
                return drawArrays.apply(this, values);
            };
            await new Promise((resolve) => setTimeout(resolve, 500));
            return count;
        });
        assert.equal(drawn, 0);
    }));

test("a point shows its title, and a click opens its paper", () =>
    visit("/map", async (page) => {
        await ready(page);
        const paper = await pointAlone();
        const [x, y] = await placeOf(page, paper);
        await page.mouse.move(x - 1, y);
        await page.locator(".hover-title").getByText(paper.title.slice(0, 30)).waitFor();
        await page.mouse.click(x, y);
        await page.waitForURL((url) => url.searchParams.get("paper") === paper.id);
        await page.locator(`.paper-panel article[data-id="${paper.id}"]`).waitFor();
        await page.reload();
        await page.locator(`.paper-panel article[data-id="${paper.id}"]`).waitFor();
        await page.getByRole("button", { name: "Close" }).click();
        await page.locator(".paper-panel").waitFor({ state: "detached" });
    }));

test("the keyboard alone moves, zooms and opens", () =>
    visit("/map", async (page) => {
        await ready(page);
        const paper = await pointAlone();
        await page.getByRole("application").focus();
        await page.keyboard.press("+");
        await page.keyboard.press("+");
        await page.waitForURL(/view=/);
        await page.keyboard.press("0");
        await page.waitForFunction(() => !location.search.includes("view="));
        await page.goto(`${URL_OF_PAGE}/map?view=${paper.x},${paper.y},4`);
        await ready(page);
        await page.getByRole("application").focus();
        await page.keyboard.press("Enter");
        await page.locator(`.paper-panel article[data-id="${paper.id}"]`).waitFor();
        assert(await page.evaluate(() => document.activeElement.classList.contains("paper-panel")));
    }));

test("the wheel and a drag change the part that is shown, and the address names it", () =>
    visit("/map", async (page) => {
        await ready(page);
        const box = await page.locator(".surface").boundingBox();
        await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
        await page.mouse.wheel(0, -400);
        await page.waitForURL(/view=/);
        const factor = () => Number(new URL(page.url()).searchParams.get("view").split(",")[2]);
        assert(factor() > 1.5);
        const before = page.url();
        await page.mouse.down();
        await page.mouse.move(box.x + box.width / 2 + 100, box.y + box.height / 2, { steps: 4 });
        await page.mouse.up();
        await page.waitForURL((url) => String(url) !== before);
        assert(Number(new URL(page.url()).searchParams.get("view").split(",")[0]) < 0);
        await page.getByRole("button", { name: "The whole map" }).click();
        await page.waitForURL((url) => !url.searchParams.has("view"));
    }));

test("a line around points chooses them, to select or to search by them", () =>
    visit("/map", async (page) => {
        await ready(page);
        const { map } = await get("map");
        const box = await page.locator(".surface").boundingBox();
        await page.getByRole("button", { name: "Choose an area" }).click();
        await page.mouse.move(box.x + 2, box.y + 2);
        await page.mouse.down();
        for (const [x, y] of [[box.width - 2, 2], [box.width - 2, box.height - 2], [2, box.height - 2]]) {
            await page.mouse.move(box.x + x, box.y + y, { steps: 3 });
        }
        await page.mouse.up();
        await page.getByText(`${map.points} papers chosen`).waitFor();
        await page.getByRole("button", { name: "Select them" }).click();
        await page.getByText(`${map.points} papers selected`).waitFor();
        await page.getByRole("button", { name: "Clear" }).click();
        await page.getByRole("button", { name: "Search by" }).click();
        await page.waitForURL(/\/related\?like=/);
        assert.equal(new URL(page.url()).searchParams.getAll("like").length, Math.min(100, map.points));
    }));

test("hits are lit, and the list has them", () =>
    visit("/map", async (page) => {
        await ready(page);
        await page.getByLabel("Light up papers").fill("dark matter");
        await page.getByText(/^\d+ of \d+ hits are lit$/).waitFor();
        const count = Number((await page.locator(".map-tools [role=status]").textContent()).split(" ")[0]);
        await page.getByRole("button", { name: "As a list" }).click();
        await page.getByRole("heading", { name: `Hits in view: ${count}` }).waitFor();
        await page.locator(".map-list article").first().waitFor();
    }));

test("the list has the topics and all papers, and a topic leads to its papers", () =>
    visit("/map?as=list", async (page) => {
        const { map, labels } = await get("map");
        await page.getByRole("heading", { name: `All papers: ${map.points}` }).waitFor();
        assert.equal(await page.locator(".map-list section:first-child li").count(), labels.length);
        await page.locator(".map-list section:first-child li button").first().click();
        await page.getByRole("heading", { name: `Chosen papers: ${labels[0].papers}` }).waitFor();
        await page.locator(".map-list article").first().waitFor();
    }));

test("the view is accessible, at every width, in light and dark", async () => {
    await checkView("map", "/map?color=year", ready);
    await checkView("map-list", "/map?as=list", (page) => page.locator(".map-list article").first().waitFor());
});
