"""Names of employers, as far as they can be told from those of places and people. Pure."""

from __future__ import annotations

import re

_KNOWN = (
    "ABB Accenture Adidas Adobe Airbnb Airbus Aldi Allianz Amazon AMD Apple Asda ASML AstraZeneca Audi AXA "
    "Barclays BASF Bayer BBC Bechtle BMW Boeing Bosch BP Capgemini Cisco Citigroup Continental Costco Daimler "
    "Danone Dell Deloitte DHL Disney Dyson Ericsson Etsy Exxon Facebook FedEx Ferrari Ford Fujitsu Google Greggs "
    "GSK Honda HP HSBC Huawei IBM Ikea IKEA Infosys ING Intel John-Lewis KLM KPMG Lego Lenovo Lidl Linde "
    "Lufthansa Maersk McDonald's McKinsey Mercedes Meta Microsoft Morrisons Mozilla NASA Nestlé Netflix NHS Nike "
    "Nissan Nokia Novartis NVIDIA Nvidia Ocado Opel Oracle Panasonic PayPal Pepsi Pfizer Philips Porsche PwC "
    "Qualcomm Red-Hat Renault Roche Rolls-Royce Ryanair Sainsbury's Salesforce Samsung Santander SAP Shell "
    "Shopify Siemens Skoda Sony Spotify Starbucks Stripe Tesco Tesla Thales ThyssenKrupp Toyota Uber UBS Unilever "
    "UPS Vodafone Volkswagen Volvo VW Waitrose Walmart Wolt Xero Xerox Zalando"
)
_BOUGHT = frozenset(
    "Adobe Aldi Amazon Apple Asda Audi AXA Allianz Barclays BMW Costco Dell Dyson Etsy Facebook Ferrari Ford "
    "Google Honda HP HSBC Huawei ING Lenovo Lidl Mercedes Microsoft Netflix Nike Nissan Nokia Ocado Opel Oracle "
    "PayPal Pepsi Porsche Renault Sainsbury's Samsung Santander Shopify Skoda Sony Spotify Starbucks Stripe Tesco "
    "Tesla Toyota Uber Vodafone Volkswagen Volvo VW Waitrose Walmart".split()
)
"""Of whom one is a customer, too."""
_WORDS = frozenset(
    "Apple BP Continental Disney Ferrari Ford ING Intel Lego Linde Mercedes Meta Nike Oracle Pepsi Red-Hat Roche SAP "
    "Shell Stripe Uber UPS VW".split()
)
SMALL_NAMES = {
    name.lower().replace("-", " "): name.replace("-", " ")
    for name in _KNOWN.replace("IKEA", "").replace("NVIDIA", "").split()
    if name not in _WORDS
}
"""Of those that are no other words in small letters."""
_KIND = (
    "AG Agency Airlines Airways Analytics Automotive Bakery Bank Brewery Brothers Capital Clinic College "
    "Consulting Corp Council Electronics Energy Engineering Entertainment Foods Foundation Games GmbH Group "
    "Holdings Hospital Hotel Hotels Inc Industries Institute Insurance Labs Laboratories Limited LLC LLP "
    "Logistics Ltd Mail Media Motors Museum Networks Partners Pharma Pharmaceuticals PLC Post Press Publishing "
    "Railways Records School SE Software Solutions Sons Studio Studios Supermarket Systems Technologies Telecom "
    "Therapeutics University Ventures Works"
)
_ORGANISATION = re.compile(
    rf"(?:[Tt]he )?(?:(?:{'|'.join(_KNOWN.replace('-', '[ -]').split())})(?: [A-ZÀ-Þ]\w+)?"
    rf"|(?!South )(?:[A-ZÀ-Þ][\w'’&.-]*,? (?:(?:of|and|&) )?){{1,4}}(?:{'|'.join(_KIND.split())})"
    r"(?: of (?:the )?[A-ZÀ-Þ]\w+)?)"
)


def is_employer_only(name: str) -> bool:
    """Whether it is an organisation from which hardly anybody buys, so that who switched to it changed jobs."""
    return is_organisation(name) and name.strip() not in _BOUGHT


def is_organisation(name: str) -> bool:
    """Whether it is a large employer, or says of what kind it is: "Mercy Hospital", "Kolb & Sons", "Acme Ltd"."""
    return _ORGANISATION.fullmatch(name.strip()) is not None
