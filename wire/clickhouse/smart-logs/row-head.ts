import { FixedColumn, LowCardinalityColumn, StringColumn } from '../columns.ts';
import type { InternedSet } from '../smart/sets.ts';

/** Columns that `logs` and `flows` share: when, and by whom it was sent. */
export class RowHead {
  readonly bucket = new FixedColumn('bucket', "DateTime('UTC')");
  readonly time = new FixedColumn('time', "DateTime64(9, 'UTC')");
  readonly service = new LowCardinalityColumn('service');
  readonly resourceId = new FixedColumn('resource_id', 'UInt64');
  readonly scopeId = new FixedColumn('scope_id', 'UInt64');
  readonly resourceInline = new StringColumn('resource_inline');
  readonly scopeInline = new StringColumn('scope_inline');
  readonly columns = [
    this.bucket,
    this.time,
    this.service,
    this.resourceId,
    this.scopeId,
    this.resourceInline,
    this.scopeInline,
  ];

  put(
    bucket: number,
    timeLow: number,
    timeHigh: number,
    resource: InternedSet,
    scope: InternedSet,
  ): void {
    this.bucket.data.u32(bucket);
    this.time.data.u64(timeLow, timeHigh);
    this.service.put(resource.service, 0, resource.service.length);
    this.resourceId.data.u64(resource.idLow, resource.idHigh);
    this.scopeId.data.u64(scope.idLow, scope.idHigh);
    this.resourceInline.put(resource.inline, 0, resource.inline.length);
    this.scopeInline.put(scope.inline, 0, scope.inline.length);
  }
}
