// The architecture as rules: xmpp <- routing <- server, xmpp <- client, a core free of I/O, features that see only feature.ts.
// scripts/architecture.test.ts plants one violation of each rule and checks that it is found.
const { Visitor } = require('@swc/core/Visitor.js');

// swc's visitor throws at `using` declarations, which it parses well.
// oxlint-disable-next-line typescript/unbound-method -- called with its visitor below
const { visitStatement } = Visitor.prototype;
Visitor.prototype.visitStatement = function visitAnyStatement(statement) {
  if (statement.type !== 'UsingDeclaration') return visitStatement.call(this, statement);
  for (const declaration of statement.decls) this.visitVariableDeclarator(declaration);
  return statement;
};

const tests = String.raw`\.test\.ts$`;
const server = '^packages/server/src';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one file, or hide a third. A type may be mentioned both ways.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'resolvable',
      comment: 'An import that leads nowhere also hides what it would have broken.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'one-way',
      comment: 'xmpp stands alone; routing knows xmpp and nothing else.',
      severity: 'error',
      from: { path: '^packages/(xmpp|routing)/' },
      to: { path: '^packages/(routing|client|server)/', pathNot: '^packages/$1/' },
    },
    {
      name: 'client-beside-server',
      comment: 'The client knows xmpp only; its tests start a server.',
      severity: 'error',
      from: { path: '^packages/client/src/', pathNot: tests },
      to: { path: '^packages/(routing|server)/' },
    },
    {
      name: 'server-without-client',
      comment: 'The server serves every client, and none in particular.',
      severity: 'error',
      from: { path: '^packages/server/' },
      to: { path: '^packages/client/' },
    },
    {
      name: 'web-through-client',
      comment: 'The page knows the client and xmpp only, and runs in a browser.',
      severity: 'error',
      from: { path: '^packages/web/src/', pathNot: tests },
      to: { path: '^packages/(routing|server)/' },
    },
    {
      name: 'client-in-a-browser',
      comment: 'What is of Node stands in an entry point of its own.',
      severity: 'error',
      from: { path: '^packages/client/src/', pathNot: [tests, '^packages/client/src/store/sqlite\\.ts$'] },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'by-package-name',
      comment: "Another package is reached by its name ('@tutti/xmpp'), never by a path into its folder.",
      severity: 'error',
      from: { path: '^packages/([^/]+)/' },
      to: { path: '^packages/', pathNot: '^packages/$1/', dependencyTypes: ['local'] },
    },
    {
      name: 'sources-know-no-tests',
      comment: 'What is published must not need what is not.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: tests },
      to: { path: `^(conformance|simulation|bench|scripts)/|^packages/[^/]+/(test|bench)/|${tests}` },
    },
    {
      name: 'reference-is-its-own',
      comment: "The simulator's reference of the rules shares no code with what it is compared with.",
      severity: 'error',
      from: { path: '^simulation/model/', pathNot: tests },
      to: {
        path: ['^packages/', '^simulation/', '(^|/)node_modules/'],
        pathNot: ['^packages/xmpp/', '^simulation/model/'],
      },
    },
    {
      name: 'simulation-decides-nothing',
      comment: 'The simulator runs the server; how a message is routed it must not ask the planner.',
      severity: 'error',
      from: { path: '^simulation/' },
      to: { path: '^packages/(routing|client)/' },
    },
    {
      name: 'pure-packages',
      comment: 'xmpp and routing run in a browser and in the simulator: no node: modules.',
      severity: 'error',
      from: { path: '^packages/(xmpp|routing)/src/', pathNot: tests },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'pure-core',
      comment: 'Clock, random, transport and log are injected into the core; only an adapter of the log does I/O.',
      severity: 'error',
      from: { path: `${server}/(router|session|log)/`, pathNot: [tests, `${server}/log/(sqlite|postgres)/`] },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'feature-sees-feature-ts',
      comment: 'A feature imports feature.ts, its own folder and the @tutti packages: no other feature, no internals.',
      severity: 'error',
      from: { path: `${server}/features/([^/]+)/`, pathNot: tests },
      to: { path: `${server}/`, pathNot: [`${server}/features/$1/`, `${server}/feature\\.ts$`] },
    },
    {
      name: 'feature-does-no-io',
      comment: 'What a feature needs of the world reaches it through feature.ts, so that it runs in the simulator.',
      severity: 'error',
      from: { path: `${server}/features/([^/]+)/`, pathNot: tests },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'feature-needs-no-library',
      comment: 'Libraries are chosen once, in the core; feature.ts hands on what features may use of them.',
      severity: 'error',
      from: { path: `${server}/features/([^/]+)/`, pathNot: tests },
      to: { path: '(^|/)node_modules/' },
    },
  ],
  options: {
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/(dist|bundle)/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['source', 'import', 'node', 'default'] },
  },
};
