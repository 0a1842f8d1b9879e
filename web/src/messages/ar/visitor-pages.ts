export { default as chat } from "./chat.json";
export { default as core } from "./core.json";
export { default as visitor } from "./visitor.json";
