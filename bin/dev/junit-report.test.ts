import { describe, expect, test } from 'bun:test';
import { closingLine, countTests, withExitCode } from './junit-report.ts';

const REPORT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="bun test" tests="4" assertions="1" failures="2" skipped="1" time="0.09">
  <testsuite name="a.test.ts" file="a.test.ts">
    <testsuite name="group" file="a.test.ts">
      <testcase name="ok &gt; it" classname="group" time="0.1" file="a.test.ts" line="2" assertions="0" />
      <testcase name="bad" classname="group" time="0.1" file="a.test.ts" line="2" assertions="1">
        <failure type="AssertionError" message="&lt;skipped />">said: <![CDATA[<nothing>]]></failure>
      </testcase>
      <testcase name="needs root &amp; a &#10;kernel" classname="group" file="a.test.ts" line="2">
        <skipped />
      </testcase>
    </testsuite>
    <testcase name="slow" classname="" time="0.05" file="a.test.ts" line="4" assertions="0">
      <failure type="TimeoutError" message="test timed out" />
    </testcase>
  </testsuite>
</testsuites>`;

describe('countTests', () => {
  test('tells passed, failed and skipped apart and names the skipped', () => {
    expect(countTests(REPORT)).toEqual({
      passed: 1,
      failed: 2,
      skipped: ['a.test.ts > group > needs root & a \nkernel'],
    });
  });

  test('finds nothing in a report that was never finished', () => {
    expect(countTests('<?xml version="1.0"?>')).toEqual({ passed: 0, failed: 0, skipped: [] });
  });
});

describe('withExitCode', () => {
  test('leaves a good run alone', () => {
    expect(withExitCode({ passed: 3, failed: 0, skipped: [] }, 0).failed).toBe(0);
  });

  test('counts a run without tests as a failure, one of skipped tests alone too', () => {
    expect(withExitCode({ passed: 0, failed: 0, skipped: [] }, 0).failed).toBe(1);
    expect(withExitCode({ passed: 0, failed: 0, skipped: ['a'] }, 0).failed).toBe(1);
  });

  test('counts an exit code without a failed test as one failure, and failures once', () => {
    expect(withExitCode({ passed: 3, failed: 0, skipped: [] }, 1).failed).toBe(1);
    expect(withExitCode({ passed: 3, failed: 2, skipped: [] }, 1).failed).toBe(2);
  });
});

describe('closingLine', () => {
  test('names the skipped only where there are some', () => {
    expect(closingLine({ passed: 12, failed: 0, skipped: [] })).toBe('12 passed, 0 failed');
    expect(closingLine({ passed: 12, failed: 1, skipped: ['x', 'y'] })).toBe(
      '12 passed, 1 failed, 2 skipped',
    );
  });
});
