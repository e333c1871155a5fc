import { describe, expect, test } from 'vitest';
import { addCounts, countTests, formatCounts } from './count-tests.ts';

const report = {
  numPassedTests: 5,
  numFailedTests: 1,
  numPendingTests: 2,
  numTodoTests: 0,
  testResults: [
    { status: 'passed', assertionResults: [{ status: 'passed' }] },
    { status: 'failed', assertionResults: [{ status: 'failed' }] },
    { status: 'failed', assertionResults: [] },
  ],
};

describe('the last line', () => {
  test('counts a file that cannot be loaded as one failed test', () => {
    expect(countTests(JSON.stringify(report))).toEqual({ passed: 5, failed: 2, skipped: 2 });
  });

  test('sums the suites, and names skipped tests only where there are some', () => {
    const sum = addCounts({ passed: 1, failed: 0, skipped: 0 }, { passed: 2, failed: 0, skipped: 0 });
    expect(formatCounts(sum)).toBe('3 passed, 0 failed');
    expect(formatCounts({ ...sum, skipped: 4 })).toBe('3 passed, 0 failed, 4 skipped');
  });
});
