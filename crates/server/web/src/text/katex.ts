// A module of its own, so that it becomes a file of its own, which is loaded at the first formula.
export { default } from "katex/dist/katex.mjs";
