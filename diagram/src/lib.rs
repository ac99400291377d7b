//! rendez-diagram: draws a network: SVG, DOT, Mermaid, JSON, text.
