"""Making training data, fitting, calibrating and evaluating. Needs scikit-learn."""
