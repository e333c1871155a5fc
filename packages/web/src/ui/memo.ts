import { Component, createElement, type FunctionComponent, type VNode } from 'preact';

/** The component, drawn again only when one of its properties is another. */
export function memo<P extends object>(draw: FunctionComponent<P>): FunctionComponent<P> {
  class Memo extends Component<P> {
    override shouldComponentUpdate(next: P): boolean {
      const before = this.props as Record<string, unknown>;
      return Object.entries(next).some(([name, value]) => before[name] !== value);
    }

    override render(): VNode<P> {
      return createElement(draw, this.props as P);
    }
  }
  return Memo as unknown as FunctionComponent<P>;
}
