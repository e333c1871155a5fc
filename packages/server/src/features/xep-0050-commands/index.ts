import { NS, xml } from '@tutti/xmpp';
import { type AdHocCommand, defineFeature } from '../../feature.ts';
import { Executions } from './executions.ts';

/** Ad-Hoc Commands: runs what the features declare with `api.command`, of one form at most. */
export const commands = defineFeature({
  spec: 'XEP-0050',
  version: '1.3.0',
  name: 'Ad-Hoc Commands',
  disco: { domain: [NS.commands] },
  setup(api) {
    const executions = new Executions(api);
    api.iq({ type: 'set', name: 'command', ns: NS.commands, target: ['domain'] }, (request) =>
      executions.handle(request),
    );
    const describe = ({ name }: AdHocCommand) => ({
      identities: [{ category: 'automation', type: 'command-node', name }],
      features: [NS.commands, NS.dataForms],
    });
    api.disco({
      info(request, node) {
        if (request.target !== 'domain') return undefined;
        if (node === NS.commands) {
          return { identities: [{ category: 'automation', type: 'command-list', name: 'Commands' }], features: [] };
        }
        const command = api.commands().get(node);
        // §2.2: a command that one may not run is not told from one that isn't there.
        return command?.allows(request.from) === true ? describe(command) : undefined;
      },
      items({ from, target, domain }, node) {
        if (target !== 'domain' || node !== NS.commands) return undefined;
        const allowed = [...api.commands().values()].filter((command) => command.allows(from));
        return allowed.map(({ node: of, name }) => xml('item', { jid: domain, node: of, name }));
      },
    });
  },
});
