export { default as core } from "./core.json";
export { default as auth } from "./auth.json";
export { default as recover } from "./recover.json";
