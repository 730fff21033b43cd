// With CI=true a skipped test fails the run unless its reason is here.
/** @type {readonly { reason: RegExp; why: string }[]} */
export const allowedSkips = [
  {
    reason: /PEERS_DIR/,
    why:
      'peers come as Go sources and take minutes to build: npm test builds Telegraf and Prometheus 3 ' +
      'where WIRESTITCH_GO_CLIENTS=1 asks for it, the Go collector and Jaeger never',
  },
  {
    reason: /WIRESTITCH_CONFORMANCE/,
    why: 'recorded traffic of other projects stays outside the checkout',
  },
  {
    reason:
      /mount.*tmpfs|network namespace|Landlock|takes root|needs root|type information|cgroup v2/i,
    why: 'machines on which tests may not mount, capture or confine; it is said which',
  },
];
