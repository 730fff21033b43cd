import { z } from 'zod';
import { type GrpcServerConfig, grpcServer } from '../../config/groups/grpc-server.ts';
import {
  checkHttpServer,
  type HttpServerConfig,
  httpServerKeys,
} from '../../config/groups/http-server.ts';
import { duration, sectionOn } from '../../config/schema/index.ts';

/** The keys as they are decoded; a server that is undefined is off. */
export interface RemoteSamplingConfig {
  readonly http?: HttpServerConfig | undefined;
  readonly grpc?: GrpcServerConfig | undefined;
  readonly source: {
    readonly file: string;
    /** Milliseconds; 0 = never. */
    readonly reload_interval: number;
  };
}

const http = z.strictObject(httpServerKeys('localhost:5778')).superRefine(checkHttpServer);

const source = z.strictObject({
  file: z.string().default('').describe('path of the strategies in JSON, or an http(s) URL'),
  remote: z.unknown().optional().describe('refused: clients can be pointed at that server'),
  reload_interval: duration().prefault(0).describe('the file is read again so often; 0 = never'),
});

/** Configuration of the extension. */
export const config = z
  .strictObject({
    http: sectionOn(http).describe('GET /sampling?service=NAME; `enabled: false` = off'),
    grpc: sectionOn(grpcServer('localhost:14250')).describe(
      'jaeger.api_v2.SamplingManager; `enabled: false` = off',
    ),
    source: source.prefault({}).describe('where strategies come from'),
  })
  .superRefine(({ http: overHttp, grpc, source: { file, remote } }, ctx) => {
    const report = (path: string[], message: string) =>
      ctx.addIssue({ code: 'custom', path, message });
    if (overHttp === undefined && grpc === undefined) {
      const hint = "use 'grpc', 'http', or both";
      report([], `no protocols selected to serve the strategies, ${hint}`);
    }
    const has = remote !== undefined && remote !== null;
    if (file !== '' && has) {
      report(['source'], "too many sources specified, has to be either 'file' or 'remote'");
    } else if (has) {
      report(['source', 'remote'], 'source::remote is not served here: name a file or a URL');
    } else if (file === '') {
      report(['source'], "no sources specified, has to be either 'file' or 'remote'");
    }
  })
  .transform(
    ({ http: overHttp, grpc, source: { file, reload_interval } }): RemoteSamplingConfig => ({
      http: overHttp,
      grpc,
      source: { file, reload_interval },
    }),
  );
