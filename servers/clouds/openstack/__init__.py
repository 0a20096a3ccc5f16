"""A real OpenStack cloud, through openstacksdk.

For pages and actions about cloud keys: ``test_key`` tries a credential without anything being stored, and
``servers.clouds.finding.access_of`` makes the way into a cloud from a region and a key. Whoever replaces a key while
the account has servers in the region has to compare ``KeyTest.project_id``: in another project they are not found.
For the administration of regions: ``OpenStackCloud.flavors`` and ``networks`` list what a cloud has.

This package is imported only where a region has such a cloud: openstacksdk costs a second and 30 MB.
"""

from servers.clouds.openstack.access import Access
from servers.clouds.openstack.images import CloudImages
from servers.clouds.openstack.keys import KeyTest, test_key
from servers.clouds.openstack.machines import OpenStackCloud, Size

__all__ = ["Access", "CloudImages", "KeyTest", "OpenStackCloud", "Size", "test_key"]
