"""The classifier at run time: features, tagger, segment decision, storage. Needs numpy only."""
