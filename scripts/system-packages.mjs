// Debian packages that the demo and the tests drive: executable or file -> package, as
// installSystemPackages takes them. A tool that a test looks for has to be here.

/** What the eBPF programs and their loader are built with. */
const bpfPackages = {
  clang: 'clang',
  'llvm-strip': 'llvm',
  '/usr/include/bpf/libbpf.h': 'libbpf-dev',
  '/usr/include/libelf.h': 'libelf-dev',
  '/usr/include/zlib.h': 'zlib1g-dev',
};

/** What the zero-code demo runs. */
export const demoPackages = {
  nginx: 'nginx-light',
  mariadbd: 'mariadb-server',
  'redis-server': 'redis-server',
  dnsmasq: 'dnsmasq-base',
  java: 'default-jdk-headless',
  javac: 'default-jdk-headless',
  '/usr/bin/python3': 'python3',
  '/usr/share/doc/python3-pymysql/copyright': 'python3-pymysql',
  nft: 'nftables',
  ip: 'iproute2',
  ...bpfPackages,
};

/** What the pictures of the page are made with. */
export const screenshotPackages = {
  ...demoPackages,
  chromium: 'chromium',
  '/usr/share/fonts/opentype/inter': 'fonts-inter',
};

/** What tests run: the demo among others. */
export const testPackages = {
  ...demoPackages,
  cc: 'gcc',
  tshark: 'tshark',
  editcap: 'wireshark-common',
  tcpdump: 'tcpdump',
  dig: 'dnsutils',
  curl: 'curl',
  ss: 'iproute2',
  nstat: 'iproute2',
  strace: 'strace',
  mariadb: 'mariadb-client',
  'mariadb-install-db': 'mariadb-server',
  'redis-cli': 'redis-tools',
  'redis-benchmark': 'redis-tools',
  hey: 'hey',
  chromium: 'chromium',
  unshare: 'util-linux',
  mvn: 'maven',
  '/usr/share/doc/python3-venv/copyright': 'python3-venv',
};
