// Measures the map of a server that runs: `node map_speed.mjs http://127.0.0.1:7625 [POINTS...]`. The points are made
// up here, in clusters, so that any library will do. Times are in milliseconds; the work of a frame is the processor
// time of the browser's graphics process and of the page, which depends less on what else the machine does.

import { chromium } from "playwright-core";

const [address, ...counts] = process.argv.slice(2);
const SECONDS = 5;

const args = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args });
const processes = await browser.newBrowserCDPSession();

async function processorTime() {
    const { processInfo } = await processes.send("SystemInfo.getProcessInfo");
    return processInfo.filter(({ type }) => type === "GPU" || type === "renderer").reduce((sum, { cpuTime }) => sum + 1_000 * cpuTime, 0);
}

/** Returns the body of `/api/v1/map/points` for points around 40 places. */
function pointsOf(count) {
    const bytes = Buffer.alloc(12 * count);
    for (let at = 0; at < count; at += 1) {
        const cluster = at % 40;
        const spread = () => 0.12 * (Math.random() + Math.random() - 1);
        bytes.writeFloatLE(0.8 * Math.sqrt(cluster / 40) * Math.cos(2.4 * cluster) + spread(), 8 * at);
        bytes.writeFloatLE(0.8 * Math.sqrt(cluster / 40) * Math.sin(2.4 * cluster) + spread(), 8 * at + 4);
        bytes.writeUInt16LE(1990 + (at % 30), 8 * count + 2 * at);
        bytes.writeUInt16LE(cluster, 10 * count + 2 * at);
    }
    return bytes;
}

async function measure(count) {
    const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
    const map = { revision: "speed", generation: "1.0", points: count, placed: 0, removed: 0, is_current: true, is_stored: true };
    const body = pointsOf(count);
    await page.route(/\/api\/v1\/map(\?|$)/, (route) => route.fulfill({ json: { version: 1, generation: "1.0", papers: count, map, labels: [] } }));
    await page.route(/\/api\/v1\/map\/points/, (route) => route.fulfill({ body, headers: { "x-map-revision": "speed" } }));
    await page.route(/\/api\/v1\/map\/papers/, (route) => route.fulfill({ json: { papers: [] } }));
    await page.addInitScript(() => {
        window.drawn = { frames: 0, points: 0, first: 0 };
        const { clear, drawArrays } = WebGL2RenderingContext.prototype;
        WebGL2RenderingContext.prototype.clear = function (mask) {
            window.drawn.frames += 1;
            window.drawn.points = 0;
            clear.call(this, mask);
        };
        WebGL2RenderingContext.prototype.drawArrays = function (mode, first, points) {
            window.drawn.points += points;
            drawArrays.call(this, mode, first, points);
            if (window.drawn.first === 0) {
                // Reading a pixel waits until the points are drawn.
                this.readPixels(0, 0, 1, 1, this.RGBA, this.UNSIGNED_BYTE, new Uint8Array(4));
                window.drawn.first = performance.now();
            }
        };
    });
    await page.goto(`${address}/map`);
    await page.waitForFunction(() => window.drawn.first > 0, undefined, { timeout: 60_000 });
    await page.waitForTimeout(1_500);
    const before = await processorTime();
    const result = await page.evaluate(async (seconds) => {
        const surface = document.querySelector(".surface");
        const box = surface.getBoundingClientRect();
        surface.setPointerCapture = () => undefined;
        const point = (type, x, y) => surface.dispatchEvent(new PointerEvent(type, { pointerId: 1, bubbles: true, clientX: box.left + x, clientY: box.top + y }));
        point("pointerdown", 600, 350);
        const frames = window.drawn.frames;
        const start = performance.now();
        for (let step = 0; performance.now() - start < 1_000 * seconds; step += 1) {
            await new Promise(requestAnimationFrame);
            point("pointermove", 600 + 120 * Math.sin(step / 40), 350 + 80 * Math.cos(step / 40));
        }
        const rate = (window.drawn.frames - frames) / ((performance.now() - start) / 1_000);
        const { points } = window.drawn;
        point("pointerup", 600, 350);
        return { frames: window.drawn.frames - frames, rate, points, first: window.drawn.first };
    }, SECONDS);
    const work = (await processorTime()) - before;
    console.log(
        `${count} points: drawn ${result.first.toFixed(0)} ms after the request for the page; ${result.rate.toFixed(1)} frames a second while moving, ` +
            `with ${result.points} of the points at the end, ${(work / result.frames).toFixed(0)} ms of processor time for each`,
    );
    await page.context().close();
}

for (const count of counts.length > 0 ? counts.map(Number) : [10_000, 100_000, 1_000_000]) {
    await measure(count);
}
await browser.close();
