import { each, type Group, kinds, pairs } from '../model.ts';

/** Regular expressions in functions; their syntax has a test of its own (pdata/regexp). */
export const regexpCases: readonly Group[] = [
  {
    name: 'IsMatch',
    expressions: [
      'IsMatch(attributes["a"], "^h.*o$")',
      'IsMatch(attributes["a"], "")',
      'IsMatch(attributes["a"], "[0-9]+")',
      'IsMatch(attributes["a"], "(?i)HELLO")',
      'IsMatch(attributes["a"], attributes["b"])',
      'IsMatch(attributes["a"], "^(GET|POST)$")',
      'IsMatch(attributes["a"], "\\\\d{2,3}")',
      'IsMatch(attributes["a"], "^[[:alpha:]]+$")',
      'IsMatch(attributes["a"], "é|世")',
      'IsMatch(attributes["none"], ".*")',
      'IsMatch(5, "5")',
    ],
    inputs: [
      ...pairs(
        ['hello', 'Hello 42', 'GET', '', 'é', '世界', 'line\nbreak', '12'],
        ['^.$', '(', 'a{1001}', 'h', '\\bH', '(?s)e.b'],
      ),
      ...pairs(kinds, ['.']),
      ...pairs(['x'], kinds),
    ],
  },
  {
    name: 'ExtractPatterns',
    expressions: [
      'ExtractPatterns(attributes["a"], "(?P<first>\\\\w+) (?P<second>\\\\w+)")',
      'ExtractPatterns(attributes["a"], "(?P<x>a)|(?P<y>b)")',
      'ExtractPatterns(attributes["a"], "(?P<n>[0-9]+)(\\\\w)?")',
      'ExtractPatterns(attributes["a"], attributes["b"])',
      'ExtractPatterns(attributes["a"], "(?<k>[a-z]+)=(?<v>.*)")["k"]',
      'ExtractPatterns(attributes["a"], "nogroup")',
      'ExtractPatterns(attributes["a"], "(?P<all>(?s).*)")',
      'ExtractPatterns(attributes["a"], "^(?:(?P<o>a)|b)*$")',
    ],
    inputs: [
      ...pairs(
        ['hello world', 'ab', 'ba', '42x', 'key=value', '', 'two\nlines', 'é=ü'],
        ['(?P<c>.)', '(', '(.)', '(?P<a>x)?', '(?P<n>a)|(?P<n>b)'],
      ),
      ...each(...kinds),
    ],
  },
];
