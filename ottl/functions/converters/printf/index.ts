import { defineFunction, type OttlFunction } from '../../types.ts';
import { sprintf } from './sprintf.ts';

export const formatConverter: OttlFunction = defineFunction({
  name: 'Format',
  parameters: [
    { name: 'format', type: 'literalString' },
    { name: 'vals', type: 'anyList' },
  ],
  make: ({ format, vals }) => {
    return (place) =>
      sprintf(
        format,
        vals.map((getter) => getter.get(place)),
      );
  },
});
