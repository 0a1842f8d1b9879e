/** Ends with the line that scripts/test.sh counts. */
export default class CountReporter {
  #passed = 0;
  #failed = 0;

  printsToStdio() {
    return true;
  }

  onEnd() {
    process.stdout.write(`${this.#passed} passed, ${this.#failed} failed\n`);
  }

  onTestEnd(test, result) {
    if (result.status === 'passed') this.#passed += 1;
    else this.#failed += 1;
  }

  onError() {
    this.#failed += 1;
  }
}
