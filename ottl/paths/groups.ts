import { setStringField } from '../../pdata/overlay.ts';
import type { Place } from '../place.ts';
import { type PathAccess, resourceView, scopeView } from './access.ts';
import { attributesAccess } from './attributes.ts';
import { expectString, textField, uint32Field } from './fields.ts';
import { type Segment, unknownSegment } from './segments.ts';

const schemaUrl = 3;

function schemaUrlPath(bind: (place: Place) => void): PathAccess {
  return {
    isLiteral: false,
    get(place) {
      bind(place);
      return place.group.string(schemaUrl);
    },
    set(place, value) {
      const text = expectString(value);
      bind(place);
      setStringField(place.group, schemaUrl, text);
    },
  };
}

/** `resource.` paths. */
export function resourcePath(segment: Segment): PathAccess {
  switch (segment.name) {
    case 'attributes':
      return attributesAccess(resourceView, segment.keys());
    case 'dropped_attributes_count':
      return uint32Field(resourceView, 2);
    case 'schema_url':
      return schemaUrlPath(({ walk, group }) => walk.bindResourceGroup?.(group));
    default:
      throw unknownSegment(segment.name, segment.path, 'resource');
  }
}

/** `scope.` paths. */
export function scopePath(segment: Segment): PathAccess {
  switch (segment.name) {
    case 'name':
      return textField(scopeView, 1);
    case 'version':
      return textField(scopeView, 2);
    case 'attributes':
      return attributesAccess(scopeView, segment.keys());
    case 'dropped_attributes_count':
      return uint32Field(scopeView, 4);
    case 'schema_url':
      return schemaUrlPath(({ walk, group }) => walk.bindScopeGroup?.(group));
    default:
      throw unknownSegment(segment.name, segment.path, 'scope');
  }
}
