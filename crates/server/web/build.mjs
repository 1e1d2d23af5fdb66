// Builds the page: `node build.mjs` writes `dist/`, and `node build.mjs --check` compares `dist/` with a fresh
// build. The same sources and the same versions of packages give the same bytes.

import { build } from "esbuild";
import { minify } from "terser";
import { gzipSync } from "node:zlib";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const dist = join(here, "dist");

/** Most bytes, compressed, of the scripts and styles that a visitor loads who sees every view in one language. */
const MAX_COMPRESSED = 60_000;

/** The typesetting of formulas, which is loaded at the first formula, and the languages other than English. */
const ON_DEMAND = /^(katex|de)\.js$/;

async function bundle(folder) {
    const result = await build({
        absWorkingDir: here,
        entryPoints: { app: "src/main.tsx", style: "src/styles/index.css" },
        outdir: folder,
        bundle: true,
        splitting: true,
        format: "esm",
        target: ["chrome122", "firefox123", "safari17.4"],
        minify: true,
        charset: "utf8",
        legalComments: "none",
        chunkNames: "[name]",
        metafile: true,
        jsx: "automatic",
        jsxImportSource: "preact",
        logLevel: "warning",
    });
    // A second pass, which finds more to leave out than the bundler does.
    const { code } = await minify(await readFile(join(folder, "app.js"), "utf8"), {
        module: true,
        ecma: 2022,
        compress: { passes: 3, unsafe_arrows: true },
    });
    await writeFile(join(folder, "app.js"), code);
    for (const name of ["index.html", "icon.svg"]) {
        await writeFile(join(folder, name), await readFile(join(here, "src", name)));
    }
    await writeFile(join(folder, "licenses.txt"), await licenses(result.metafile));
}

/** Returns the licenses of the packages that a bundle contains. */
async function licenses(metafile) {
    const inputs = Object.keys(metafile.inputs);
    const packages = inputs.map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]);
    const names = [...new Set(packages.filter(Boolean))].sort();
    const texts = names.map(async (name) => {
        const folder = join(here, "node_modules", name);
        const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
        const file = (await readdir(folder)).find((file) => /^licen[cs]e/i.test(file));
        const text = file ? await readFile(join(folder, file), "utf8") : "";
        return `${name} ${version}, ${license}\n\n${text.trim()}\n`;
    });
    return (await Promise.all(texts)).join(`\n${"-".repeat(80)}\n\n`);
}

async function contents(folder) {
    const names = (await readdir(folder)).sort();
    return new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))])));
}

/** Prints the sizes, and returns whether they are within the limit. */
function report(files) {
    let total = 0;
    for (const [name, content] of files) {
        const compressed = gzipSync(content, { level: 9 }).length;
        const counts = /\.(js|css)$/.test(name) && !ON_DEMAND.test(name);
        total += counts ? compressed : 0;
        console.log(`${name.padEnd(24)} ${String(content.length).padStart(8)} B ${String(compressed).padStart(8)} B compressed`);
    }
    console.log(`scripts and styles of all views: ${total} B compressed, at most ${MAX_COMPRESSED}`);
    return total <= MAX_COMPRESSED;
}

const folder = await mkdtemp(join(tmpdir(), "cognate-web-"));
await bundle(folder);
const fresh = await contents(folder);
await rm(folder, { recursive: true });
let passes = report(fresh);
await mkdir(dist, { recursive: true });
const former = await contents(dist);
for (const name of new Set([...fresh.keys(), ...former.keys()])) {
    const content = fresh.get(name);
    if (former.has(name) && content?.equals(former.get(name))) {
        continue;
    }
    if (process.argv.includes("--check")) {
        console.error(`${basename(dist)}/${name} is not what \`npm run build\` writes`);
        passes = false;
    } else if (content === undefined) {
        await rm(join(dist, name));
    } else {
        await writeFile(join(dist, name), content);
    }
}
process.exitCode = passes ? 0 : 1;
