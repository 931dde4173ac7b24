"""Archives: millions of articles, in the formats that they are kept in.

Data flow one way: ``sources → pieces → texts → ledger → destination``. What is found is written down first
(:mod:`~cleaner.archive.ledger`), as patches of the containers; destinations are then made of the sources and the
ledger, and the sources can be made again of the destinations and the ledger.
"""
