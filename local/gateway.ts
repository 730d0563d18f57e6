import type { Server } from 'node:http';
import type { Framework } from '../infra/plugin.ts';

/** What serverless-offline lets others see of itself. */
interface Offline {
  internals(): { getApiGatewayServer(): { readonly listener: Server } };
}

/**
 * Finds the HTTP server of a local gateway that is listening.
 *
 * @throws Error where serverless-offline does not show it any more
 */
export function gatewayOf({ pluginManager }: Pick<Framework, 'pluginManager'>): Server {
  const offline = pluginManager.getPlugins().find(isOffline);
  if (!offline) throw new Error('No plugin here is serverless-offline as it used to be');
  return offline.internals().getApiGatewayServer().listener;
}

function isOffline(plugin: object): plugin is Offline {
  return 'internals' in plugin && typeof plugin.internals === 'function';
}
