import { readConfig } from '../../../gateway/load.ts';
import { errorText } from '../../../gateway/telemetry/error-text.ts';

/** A configuration with one statement, as JSON. */
export function verdictConfig(expression: string): string {
  const statement = `set(log.attributes["r"], ${expression})`.replaceAll('$', '$$$$');
  return JSON.stringify({
    receivers: { otlp: { protocols: { http: {} } } },
    processors: { transform: { log_statements: [{ context: 'log', statements: [statement] }] } },
    exporters: { nop: {} },
    service: {
      pipelines: { logs: { receivers: ['otlp'], processors: ['transform'], exporters: ['nop'] } },
    },
  });
}

/** Why this program refuses an expression; null when it takes it. */
export async function refusal(expression: string): Promise<string | null> {
  try {
    await readConfig([`yaml:${verdictConfig(expression)}`], process.env, { checkOnly: true });
    return null;
  } catch (error) {
    return errorText(error);
  }
}
