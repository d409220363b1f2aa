/** What a run of the tests came to. */
export interface TestCount {
  readonly passed: number;
  readonly failed: number;
  /** Full names of the tests that did not run; a name says why it could not. */
  readonly skipped: readonly string[];
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Counts the test cases of a JUnit report as `bun test --reporter=junit` writes it. */
export function countTests(report: string): TestCount {
  let passed = 0;
  let failed = 0;
  const skipped: string[] = [];
  for (const match of report.matchAll(/<testcase\b([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)) {
    const attributes = match[1] ?? '';
    const body = match[2] ?? '';
    if (/<(failure|error)\b/.test(body)) failed++;
    else if (/<skipped\b/.test(body)) skipped.push(fullName(attributes));
    else passed++;
  }
  return { passed, failed, skipped };
}

/**
 * The count with what the report does not know: a file that could not be loaded, an error between tests or a crash
 * of the runner shows in the exit code alone; and a run without a single test is a failure, never a success.
 */
export function withExitCode(count: TestCount, exitCode: number): TestCount {
  const ranNothing = count.passed + count.failed === 0;
  const failed = count.failed === 0 && (exitCode !== 0 || ranNothing) ? 1 : count.failed;
  return { ...count, failed };
}

/** `N passed, N failed`, with `, N skipped` where some were. */
export function closingLine({ passed, failed, skipped }: TestCount): string {
  const line = `${passed} passed, ${failed} failed`;
  return skipped.length === 0 ? line : `${line}, ${skipped.length} skipped`;
}

function fullName(attributes: string): string {
  const group = attributeOf(attributes, 'classname');
  const name = attributeOf(attributes, 'name');
  const file = attributeOf(attributes, 'file');
  return [file, group, name].filter((part) => part !== '').join(' > ');
}

function attributeOf(attributes: string, name: string): string {
  const value = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(attributes)?.[1] ?? '';
  return value.replaceAll(/&(#x?[0-9a-f]+|\w+);/gi, (whole, entity: string) => {
    if (!entity.startsWith('#')) return ENTITIES[entity] ?? whole;
    const hexadecimal = /^#x/i.test(entity);
    return String.fromCodePoint(Number.parseInt(entity.slice(hexadecimal ? 2 : 1), hexadecimal ? 16 : 10));
  });
}
