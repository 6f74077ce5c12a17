"""Made catalogs and orders in the shape of Instacart's tables."""
