import { Component, type ReactNode } from 'react';
import { Failed } from '../parts/states.tsx';

/** Shows what broke instead of a blank page. */
export class Boundary extends Component<{ readonly children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: undefined };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return <Failed error={error} retry={() => this.setState({ error: undefined })} />;
  }
}
