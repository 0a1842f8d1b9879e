/**
 * Stands in for all of d3-scale, which the chart library takes as a whole: scales of time, of colours and
 * of logarithms are a tenth of its size, and charts over time here have bands, points and numbers.
 */
export { scaleBand, scaleLinear, scalePoint } from "d3-scale";
