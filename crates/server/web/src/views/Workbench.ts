// The views with which one works on lists, drafts and the library. They share components, so they are one file, which
// is loaded at the first visit of one of them.
export { default as Desk } from "./Desk";
export { default as Library } from "./Library";
export { default as Missed } from "./Missed";
export { default as New } from "./New";
